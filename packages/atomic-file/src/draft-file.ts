/**
 * A file that is written in parts, each whole before the next, and synced at its end or with its folder. While it is written it is part of something that has a
 * temporary name, so a crash leaves nothing that anybody could take for whole.
 */
import { constants } from 'node:fs'
import { AtomicFileError } from './errors.js'
import type { FileSystem, OpenFile } from './file-system.js'
import { toBytes, writeFully } from './write-fully.js'

/** A new file of a {@link FolderDraft}. */
export interface DraftFile extends AsyncDisposable {
  /** Its name in the folder. */
  readonly name: string
  /** Where it is until the folder is published, for reading what was written. */
  readonly path: string
  /** Bytes written so far. */
  readonly size: number
  /**
   * Adds bytes at the end; resolves when the system has taken all of them. Calls take effect in their order. Bytes must not be changed until then.
   * @throws AtomicFileError: the file can then only be discarded.
   */
  write(data: string | Uint8Array): Promise<void>
  /**
   * Syncs and closes it, or leaves that to the folder (`syncTogether`): now it is part of the folder. A second call does nothing.
   * @throws AtomicFileError: the file is gone then
   */
  finish(): Promise<void>
  /** Removes it, unless it is finished; so does disposal. */
  discard(): Promise<void>
}

const NEW_AND_EXCLUSIVE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0)

/** What a draft file tells its folder. */
export interface DraftFileOwner {
  readonly onEnd: (file: DraftFile, isFinished: boolean) => void
  /** Asked for a file that is whole. `true`: the folder syncs and closes it. */
  readonly takeOver: (path: string, handle: OpenFile) => boolean
}

/** @throws AtomicFileError, with `EEXIST` when there is one */
export async function openDraftFile(
  fs: FileSystem,
  path: string,
  name: string,
  owner: DraftFileOwner,
): Promise<DraftFile> {
  try {
    return new OpenDraftFile(fs, path, name, await fs.open(path, NEW_AND_EXCLUSIVE, 0o666), owner)
  } catch (error) {
    throw new AtomicFileError('create', path, error)
  }
}

class OpenDraftFile implements DraftFile {
  readonly name: string
  readonly path: string
  readonly #fs: FileSystem
  readonly #handle: OpenFile
  readonly #owner: DraftFileOwner
  #size = 0
  #failure: AtomicFileError | undefined
  #last: Promise<void> = Promise.resolve()
  #end: Promise<void> | undefined

  constructor(fs: FileSystem, path: string, name: string, handle: OpenFile, owner: DraftFileOwner) {
    this.#fs = fs
    this.path = path
    this.name = name
    this.#handle = handle
    this.#owner = owner
  }

  get size(): number {
    return this.#size
  }

  write(data: string | Uint8Array): Promise<void> {
    if (this.#end !== undefined) return Promise.reject(new Error(`Cannot write '${this.path}': it is finished`))
    const bytes = toBytes(data)
    const result = this.#last.then(async () => {
      if (this.#failure !== undefined) throw this.#failure
      try {
        await writeFully(this.#handle, bytes, this.#size)
      } catch (error) {
        this.#failure = new AtomicFileError('write', this.path, error)
        throw this.#failure
      }
      this.#size += bytes.length
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  finish(): Promise<void> {
    this.#end ??= this.#last.then(async () => {
      try {
        if (this.#failure !== undefined) throw this.#failure
        if (!this.#owner.takeOver(this.path, this.#handle)) await syncAndClose(this.#handle)
      } catch (error) {
        await this.#remove()
        throw error instanceof AtomicFileError ? error : new AtomicFileError('write', this.path, error)
      }
      this.#owner.onEnd(this, true)
    })
    return this.#end
  }

  discard(): Promise<void> {
    this.#end ??= this.#last.then(() => this.#remove())
    return this.#end.catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard()
  }

  async #remove(): Promise<void> {
    await this.#handle.close().catch(() => undefined)
    await this.#fs.unlink(this.path).catch(() => undefined)
    this.#owner.onEnd(this, false)
  }
}

export async function syncAndClose(handle: OpenFile): Promise<void> {
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
