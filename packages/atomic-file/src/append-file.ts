/**
 * A file that only grows, such as a journal. The file itself is the truth; a crash can leave a torn tail of the one append that had not been
 * acknowledged, which the reader of the format has to recognise and cut with `truncate`.
 */
import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AtomicFileError } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { writeFully } from './staged-file.js'
import { syncDirectory } from './sync-directory.js'

export interface AppendFile extends AsyncDisposable {
  readonly path: string
  /** Length in bytes, acknowledged appends only. */
  readonly size: number
  /**
   * Adds the data at the end; on return it survives a power failure. Calls take effect in their order.
   * @throws AtomicFileError, after cutting off what had been written of this data.
   */
  append(data: string | Uint8Array): Promise<void>
  /** Cuts the file to `size` bytes, durably. @throws AtomicFileError */
  truncate(size: number): Promise<void>
  /** Waits for the calls under way and closes; a second call does nothing. */
  close(): Promise<void>
}

/**
 * Opens a file for durable appends and creates it (durably) when it is missing. One process at a time may append: take a lock first.
 *
 * @throws AtomicFileError with the system's code.
 * @example
 * await using journal = await openAppendFile('journal.log')
 * await journal.append('{"run":1}\n')
 */
export async function openAppendFile(path: string, deps?: AtomicFileDeps): Promise<AppendFile> {
  try {
    const handle = await resolveFs(deps).open(path, constants.O_RDWR | constants.O_CREAT, 0o666)
    const { size } = await handle.stat()
    if (size === 0) await syncDirectory(dirname(path), deps)
    return new OpenAppendFile(path, handle, size)
  } catch (error) {
    if (error instanceof AtomicFileError) throw error
    throw new AtomicFileError('open', path, error)
  }
}

class OpenAppendFile implements AppendFile {
  readonly path: string
  readonly #handle: FileHandle
  #size: number
  #last: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(path: string, handle: FileHandle, size: number) {
    this.path = path
    this.#handle = handle
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  append(data: string | Uint8Array): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'utf8') : data
    return this.#next('append to', async () => {
      try {
        await writeFully(this.#handle, bytes, this.#size)
        await this.#handle.datasync()
      } catch (error) {
        await this.#handle.truncate(this.#size).catch(() => undefined)
        throw error
      }
      this.#size += bytes.length
    })
  }

  truncate(size: number): Promise<void> {
    return this.#next('truncate', async () => {
      await this.#handle.truncate(size)
      await this.#handle.sync()
      this.#size = size
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#last.then(() => this.#handle.close())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #next(action: string, work: () => Promise<void>): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new Error(`Cannot ${action} '${this.path}': it is closed`))
    const result = this.#last.then(work).catch((error: unknown) => {
      throw new AtomicFileError(action, this.path, error)
    })
    this.#last = result.catch(() => undefined)
    return result
  }
}
