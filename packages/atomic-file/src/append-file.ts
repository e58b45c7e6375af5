/**
 * A file that only grows, such as a journal. The file itself is the truth; a crash can leave a torn tail of the one append that had not been
 * acknowledged, which the reader of the format has to recognise and cut with `truncate`.
 */
import { constants, fstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { AtomicFileError, NotARegularFileError } from './errors.js'
import { type AtomicFileDeps, type OpenFile, resolveFs } from './file-system.js'
import { syncDirectory } from './sync-directory.js'
import { toBytes, writeFully } from './write-fully.js'

export interface AppendFile extends AsyncDisposable {
  readonly path: string
  /** The open descriptor, to lock the file or to look at its state; it is not to be written or closed. */
  readonly fd: number
  /** Length in bytes: what was there at opening and the acknowledged appends. */
  readonly size: number
  /**
   * Adds the data at the end; on return it survives a power failure. Calls take effect in their order. Bytes must not be changed until then.
   * @throws AtomicFileError, after cutting off what had been written of this data. When even that fails, it is done before the next append,
   *   which fails as long as it cannot be done.
   */
  append(data: string | Uint8Array): Promise<void>
  /**
   * Cuts the file to `size` bytes, durably.
   * @throws RangeError when the file is shorter than that. @throws AtomicFileError
   */
  truncate(size: number): Promise<void>
  /**
   * Takes notice of what another process appended or cut since, for files that take turns under a lock. Returns the size.
   * @throws AtomicFileError
   */
  refresh(): number
  /** Waits for the calls under way and closes; a second call does nothing. Otherwise it is closed when nobody refers to it any more. */
  close(): Promise<void>
}

/**
 * Opens a file for durable appends and creates it (durably) when it is missing; a symbolic link is followed. One process at a time may append:
 * take a lock first.
 *
 * @throws AtomicFileError with the system's code.
 * @throws NotARegularFileError when the path is a device or pipe.
 * @example
 * await using journal = await openAppendFile('journal.log')
 * await journal.append('{"run":1}\n')
 */
export async function openAppendFile(path: string, deps?: AtomicFileDeps): Promise<AppendFile> {
  const fs = resolveFs(deps)
  let handle: OpenFile | undefined
  try {
    handle = await fs.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK, 0o666)
    const status = await handle.stat()
    if (!status.isFile()) throw new NotARegularFileError(path)
    // An empty file may have been created by a process that was killed before it could sync the folder.
    if (status.size === 0) await syncDirectory(dirname(await fs.realpath(path)), deps)
    return new OpenAppendFile(path, handle, status.size)
  } catch (error) {
    await handle?.close()
    if (error instanceof AtomicFileError || error instanceof NotARegularFileError) throw error
    throw new AtomicFileError('open', path, error)
  }
}

/** Closes what nobody closed: Node does that for handles of its own only, with a warning, and means to make it an error. */
const FORGOTTEN = new FinalizationRegistry<OpenFile>((handle) => {
  handle.close().catch(() => undefined)
})

class OpenAppendFile implements AppendFile {
  readonly path: string
  readonly #handle: OpenFile
  #size: number
  // True while the file may be longer than #size.
  #hasTornTail = false
  #last: Promise<void> = Promise.resolve()
  #closed: Promise<void> | undefined

  constructor(path: string, handle: OpenFile, size: number) {
    this.path = path
    this.#handle = handle
    this.#size = size
    FORGOTTEN.register(this, handle, this)
  }

  get fd(): number {
    return this.#handle.fd
  }

  get size(): number {
    return this.#size
  }

  async append(data: string | Uint8Array): Promise<void> {
    const bytes = toBytes(data)
    await this.#next('append to', async () => {
      if (this.#hasTornTail) await this.#cutTornTail()
      this.#hasTornTail = true
      try {
        await writeFully(this.#handle, bytes, this.#size)
        await this.#handle.datasync()
      } catch (error) {
        await this.#cutTornTail().catch(() => undefined)
        throw error
      }
      this.#hasTornTail = false
      this.#size += bytes.length
    })
  }

  async truncate(size: number): Promise<void> {
    await this.#next('truncate', async () => {
      if (!Number.isSafeInteger(size) || size < 0 || size > this.#size)
        throw new RangeError(`Cannot truncate '${this.path}' to ${size} bytes: it has ${this.#size}`)
      await this.#handle.truncate(size)
      this.#size = size
      this.#hasTornTail = false
      await this.#handle.sync()
    })
  }

  refresh(): number {
    if (this.#closed !== undefined) throw new Error(`Cannot refresh '${this.path}': it is closed`)
    try {
      this.#size = fstatSync(this.#handle.fd).size
    } catch (error) {
      throw new AtomicFileError('refresh', this.path, error)
    }
    this.#hasTornTail = false
    return this.#size
  }

  close(): Promise<void> {
    FORGOTTEN.unregister(this)
    this.#closed ??= this.#last.then(() => this.#handle.close())
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #cutTornTail(): Promise<void> {
    await this.#handle.truncate(this.#size)
    this.#hasTornTail = false
  }

  #next(action: string, work: () => Promise<void>): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(new Error(`Cannot ${action} '${this.path}': it is closed`))
    const result = this.#last.then(work).catch((error: unknown) => {
      throw error instanceof RangeError ? error : new AtomicFileError(action, this.path, error)
    })
    this.#last = result.catch(() => undefined)
    return result
  }
}
