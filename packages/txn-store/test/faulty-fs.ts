import { constants } from 'node:fs'
import { directFileSystem, type FileSystem, type OpenFile } from '@holdfast/atomic-file'

type Call = (...args: unknown[]) => Promise<unknown>

export interface FaultyFileSystem {
  readonly fs: FileSystem
  /** The n-th operation from now on that takes room on the disk or makes something durable fails, and all after it while `lasting` is set. */
  failAt(n: number, code: string, lasting: boolean): void
  /** From now on everything works. Returns how many operations have failed. */
  mend(): number
}

const CALLS: ReadonlySet<string> = new Set(['copyFile', 'link', 'mkdir', 'open', 'rename'])
const HANDLE_CALLS: ReadonlySet<string> = new Set(['write', 'sync', 'datasync'])

/** The default file system, until it is told to fail. */
export function faultyFs(): FaultyFileSystem {
  let left = Number.POSITIVE_INFINITY
  let failed = 0
  let code = ''
  let isLasting = false

  function pass(operation: string): void {
    left -= 1
    if (isLasting ? left > 0 : left !== 0) return
    failed += 1
    throw Object.assign(new Error(`${code}: injected into ${operation}`), { code })
  }

  function faultyHandle(handle: OpenFile): OpenFile {
    return new Proxy(handle, {
      get(target, name: string) {
        const member: unknown = Reflect.get(target, name)
        if (typeof member !== 'function') return member
        return async (...args: unknown[]) => {
          if (HANDLE_CALLS.has(name)) pass(name)
          return (member as Call).apply(target, args)
        }
      },
    })
  }

  const fs = new Proxy(directFileSystem, {
    get(target, name: string) {
      const member = Reflect.get(target, name) as Call
      return async (...args: unknown[]) => {
        const isReading = name === 'open' && ((Number(args[1]) || 0) & constants.O_CREAT) === 0
        if (CALLS.has(name) && !isReading) pass(name)
        const result = await member(...args)
        return name === 'open' ? faultyHandle(result as OpenFile) : result
      }
    },
  })
  return {
    fs,
    failAt: (n, errorCode, lasting) => {
      left = n
      code = errorCode
      isLasting = lasting
      failed = 0
    },
    mend: () => {
      left = Number.POSITIVE_INFINITY
      isLasting = false
      return failed
    },
  }
}
