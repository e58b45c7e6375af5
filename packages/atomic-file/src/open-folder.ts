import { constants } from 'node:fs'
import { AtomicFileError, errorCode } from './errors.js'
import type { FileSystem, OpenFile } from './file-system.js'

/**
 * A folder that is opened ahead of the rename whose result it has to sync, so that a folder that cannot be opened is found while nothing has been
 * changed yet. Opening begins at once and goes on beside other work.
 */
export class OpenFolder implements AsyncDisposable {
  readonly #path: string
  readonly #handle: Promise<OpenFile | undefined>

  constructor(fs: FileSystem, path: string) {
    this.#path = path
    // Windows cannot open a directory. O_DIRECTORY refuses a named pipe, which would otherwise be waited for without end.
    this.#handle =
      process.platform === 'win32'
        ? Promise.resolve(undefined)
        : fs.open(path, constants.O_RDONLY | constants.O_DIRECTORY)
    this.#handle.catch(() => undefined)
  }

  async opened(): Promise<void> {
    try {
      await this.#handle
    } catch (error) {
      throw new AtomicFileError('sync directory', this.#path, error)
    }
  }

  async sync(): Promise<void> {
    await this.opened()
    const handle = await this.#handle
    try {
      await handle?.sync()
    } catch (error) {
      // Some network and FUSE file systems have no fsync for directories: they answer EINVAL, and nothing more can be done.
      if (errorCode(error) !== 'EINVAL') throw new AtomicFileError('sync directory', this.#path, error)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const handle = await this.#handle.catch(() => undefined)
    await handle?.close()
  }
}

/** Several of them at once. */
export class OpenFolders implements AsyncDisposable {
  readonly #folders: readonly OpenFolder[]

  constructor(fs: FileSystem, paths: readonly string[]) {
    this.#folders = paths.map((path) => new OpenFolder(fs, path))
  }

  async opened(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => folder.opened()))
  }

  async sync(): Promise<void> {
    await Promise.all(this.#folders.map((folder) => folder.sync()))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#folders.map((folder) => folder[Symbol.asyncDispose]()))
  }
}
