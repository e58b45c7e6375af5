import { constants } from 'node:fs'
import { basename, dirname } from 'node:path'
import { directFileSystem, type FileSystem, type OpenFile } from '@holdfast/atomic-file'

type Call = (...args: unknown[]) => Promise<unknown>

export interface RecordingOptions {
  /** The error with which an operation, such as `sync state.json`, fails instead of being done. */
  readonly fail?: (operation: string) => Error | undefined
  /** A write call takes no more than this many bytes. */
  readonly mostBytesPerWrite?: number
}

/**
 * The default file system, with a list of what was done: `begin X` and `end X` for each operation X (`rename state.json`, `sync folder/`, …), where
 * temporary files are called `temporary` and folders end with a slash.
 */
export function recordingFs(options: RecordingOptions = {}): { fs: FileSystem; log: string[]; paths: string[] } {
  const log: string[] = []
  const paths: string[] = []

  async function recorded<T>(operation: string, work: () => Promise<T>): Promise<T> {
    log.push(`begin ${operation}`)
    const failure = options.fail?.(operation)
    if (failure !== undefined) {
      // A close that fails closes nevertheless.
      if (operation.startsWith('close ')) await work()
      throw failure
    }
    const result = await work()
    log.push(`end ${operation}`)
    return result
  }

  function watchedHandle(handle: OpenFile, label: string): OpenFile {
    return new Proxy(handle, {
      get(target, name: string) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return (...args: unknown[]) => {
          if (name === 'write' && options.mostBytesPerWrite !== undefined)
            args[2] = Math.min(Number(args[2]), options.mostBytesPerWrite)
          return recorded(`${name} ${label}`, () => (member as Call).apply(target, args))
        }
      },
    })
  }

  const fs = new Proxy(directFileSystem, {
    get(target, name: string) {
      const member = Reflect.get(target, name) as Call
      return (...args: unknown[]) => {
        // link and rename are known by the name that they make
        const path = String(name === 'link' || name === 'rename' || name === 'copyFile' ? args[1] : args[0])
        paths.push(path)
        const isFolder = name === 'open' && (Number(args[1]) & constants.O_DIRECTORY) !== 0
        const label = isFolder ? `${basename(path)}/` : labelOf(path)
        return recorded(`${name} ${label}`, async () => {
          const result = await member(...args)
          return name === 'open' ? watchedHandle(result as OpenFile, label) : result
        })
      }
    },
  })
  return { fs, log, paths }
}

/** The operations that change files, in the order in which they were begun. */
export function changes(log: readonly string[]): string[] {
  return log
    .filter((line) =>
      /^begin (?:open temporary|write|sync|datasync|truncate|chmod|chown|link|rename|unlink|mkdir|copyFile)/.test(line),
    )
    .map((line) => line.slice('begin '.length))
}

/** An error as the system makes them. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

function labelOf(path: string): string {
  return basename(path).startsWith('.holdfast-') ? 'temporary' : basename(path) || dirname(path)
}
