/**
 * A folder that appears all at once. Its files are written below a temporary name, each synced at its end; then the folders are synced, and one rename
 * gives it its name. The name is the only truth: whoever finds it finds everything. A crash before the rename leaves a folder `.holdfast-….tmp`, which
 * `sweepLeftovers` removes once its writer is gone.
 */
import { basename, dirname } from 'node:path'
import { type DraftFile, openDraftFile } from './draft-file.js'
import { AtomicFileError } from './errors.js'
import { type AtomicFileDeps, type FileSystem, removeTree, resolveFs } from './file-system.js'
import { foldersAbove, innerParts, innerPath } from './inner-name.js'
import { syncDirectory } from './sync-directory.js'
import { inFolder } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface FolderDraftOptions {
  /** Where it is until it is published; must be on the file system of the name it gets. @default the folder of that name */
  readonly tempDirectory?: string
}

/** A folder that nobody sees yet. */
export interface FolderDraft extends AsyncDisposable {
  /** The name that it gets. */
  readonly path: string
  /** Where it is until then. */
  readonly temporaryPath: string
  /**
   * Creates a file; `/` in the name makes folders. It is part of the folder when it is finished.
   * @throws RangeError when the name does not stay inside. @throws AtomicFileError: `EEXIST` when the name is taken
   */
  createFile(name: string): Promise<DraftFile>
  /** Creates a file with this content, synced. @throws as `createFile` */
  writeFile(name: string, data: string | Uint8Array): Promise<void>
  /**
   * Gives a file that exists, and whose bytes are durable, a second name in the folder. Where that is not possible (`EXDEV`, `EPERM`, …) nothing is changed.
   * @throws as `createFile`
   */
  linkFile(name: string, existingPath: string): Promise<void>
  /** Removes a finished file. */
  removeFile(name: string): Promise<void>
  /**
   * Gives the folder its name; on return all of it survives a power failure. What has the name already stays, unless it is an empty folder.
   * After a failure it can be called again; after success a second call does nothing.
   * @throws AtomicFileError: `ENOTEMPTY` or `EEXIST` when there is such a folder, `ENOTDIR` when there is such a file
   */
  publish(): Promise<void>
  /** Removes all of it, unless it is published; so does disposal. */
  discard(): Promise<void>
}

/**
 * Begins a folder that appears all at once. The folder above it has to exist.
 *
 * @throws AtomicFileError with the system's code.
 * @example
 * await using draft = await openFolderDraft('out/page-1')
 * await draft.writeFile('content/body.json', body)
 * await draft.publish()
 */
export async function openFolderDraft(
  path: string,
  options: FolderDraftOptions = {},
  deps?: AtomicFileDeps,
): Promise<FolderDraft> {
  const fs = resolveFs(deps)
  if (basename(path) === '' || basename(path) === '..') throw new RangeError(`A folder cannot be named '${path}'`)
  const temporaryPath = inFolder(options.tempDirectory ?? dirname(path), makeTemporaryName(currentOwner()))
  try {
    // Not recursive on purpose: the name is new, and the folder above must be there.
    await fs.lstat(dirname(temporaryPath))
    await fs.mkdir(temporaryPath, { recursive: true, mode: 0o777 })
  } catch (error) {
    throw new AtomicFileError('create directory', temporaryPath, error)
  }
  return new OpenFolderDraft(fs, path, temporaryPath)
}

class OpenFolderDraft implements FolderDraft {
  readonly path: string
  readonly temporaryPath: string
  readonly #fs: FileSystem
  readonly #open: Set<DraftFile> = new Set()
  readonly #folders: Set<string> = new Set()
  readonly #beingPlaced: Set<Promise<unknown>> = new Set()
  #state: 'open' | 'published' | 'discarded' = 'open'
  #renamed = false

  constructor(fs: FileSystem, path: string, temporaryPath: string) {
    this.#fs = fs
    this.path = path
    this.temporaryPath = temporaryPath
  }

  createFile(name: string): Promise<DraftFile> {
    return this.#placing(async () => {
      const path = await this.#place('create', name)
      const file = await openDraftFile(this.#fs, path, name, () => this.#open.delete(file))
      this.#open.add(file)
      return file
    })
  }

  async writeFile(name: string, data: string | Uint8Array): Promise<void> {
    await using file = await this.createFile(name)
    await file.write(data)
    await file.finish()
  }

  linkFile(name: string, existingPath: string): Promise<void> {
    return this.#placing(async () => {
      const path = await this.#place('link', name)
      try {
        await this.#fs.link(existingPath, path)
      } catch (error) {
        throw new AtomicFileError('link', path, error)
      }
    })
  }

  async removeFile(name: string): Promise<void> {
    const path = await this.#place('remove', name)
    try {
      await this.#fs.unlink(path)
    } catch (error) {
      throw new AtomicFileError('remove', path, error)
    }
  }

  async publish(): Promise<void> {
    if (this.#state === 'published') return
    if (!this.#renamed) this.#assertOpen('publish')
    const [file] = this.#open
    if (file !== undefined) throw new Error(`Cannot publish '${this.path}': '${file.name}' is not finished`)
    const deps = { fs: this.#fs }
    if (!this.#renamed) {
      // A name in a folder is durable only when the folder is.
      const folders = [...this.#folders].map((name) => innerPath(this.temporaryPath, name))
      await Promise.all([this.temporaryPath, ...folders].map((folder) => syncDirectory(folder, deps)))
      try {
        await this.#fs.rename(this.temporaryPath, this.path)
      } catch (error) {
        throw new AtomicFileError('publish', this.path, error)
      }
      this.#renamed = true
    }
    // In this order a crash can leave both names, but never none.
    await syncDirectory(dirname(this.path), deps)
    if (dirname(this.temporaryPath) !== dirname(this.path)) await syncDirectory(dirname(this.temporaryPath), deps)
    this.#state = 'published'
  }

  async discard(): Promise<void> {
    if (this.#state !== 'open' || this.#renamed) return
    this.#state = 'discarded'
    // What is being created now would come into a folder that is being removed.
    await Promise.allSettled(this.#beingPlaced)
    await Promise.all([...this.#open].map((file) => file.discard()))
    await removeTree(this.#fs, this.temporaryPath).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.discard()
  }

  async #placing<T>(place: () => Promise<T>): Promise<T> {
    const work = place()
    this.#beingPlaced.add(work)
    try {
      return await work
    } finally {
      this.#beingPlaced.delete(work)
    }
  }

  /** Where the name is, with the folders above it. */
  async #place(action: string, name: string): Promise<string> {
    this.#assertOpen(action)
    const parts = innerParts(name)
    const missing = foldersAbove(parts).filter((folder) => !this.#folders.has(folder))
    const path = innerPath(this.temporaryPath, name)
    if (missing.length > 0) {
      try {
        await this.#fs.mkdir(dirname(path), { recursive: true, mode: 0o777 })
      } catch (error) {
        throw new AtomicFileError('create directory', dirname(path), error)
      }
      for (const folder of missing) this.#folders.add(folder)
    }
    return path
  }

  #assertOpen(action: string): void {
    if (this.#state !== 'open' || this.#renamed)
      throw new Error(`Cannot ${action} in '${this.path}': it is ${this.#renamed ? 'published' : 'discarded'}`)
  }
}
