/**
 * A folder that appears all at once. Its files are written below a temporary name, each synced at its end or all together; the folders are synced, and one
 * rename gives it its name. The name is the only truth: whoever finds it finds everything. A crash before the rename leaves a folder `.holdfast-….tmp`, which
 * `sweepLeftovers` removes once its writer is gone.
 */
import { basename, dirname } from 'node:path'
import type { DirectorySyncs } from './directory-syncs.js'
import { type DraftFile, openDraftFile, syncAndClose } from './draft-file.js'
import { AtomicFileError } from './errors.js'
import { type AtomicFileDeps, type FileSystem, type OpenFile, removeTree, resolveFs } from './file-system.js'
import { foldersAbove, innerParts, innerPath } from './inner-name.js'
import { syncDirectory } from './sync-directory.js'
import { inFolder } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface FolderDraftOptions {
  /** Where it is until it is published; must be on the file system of the name it gets. @default the folder of that name */
  readonly tempDirectory?: string
  /**
   * `true`: `publish` syncs files and folders at the same time, which a disk does in one go; until then nobody can rely on any of them. More than a few files are
   * synced one by one all the same. @default false: each is durable when it is finished
   */
  readonly syncTogether?: boolean
  /** Shared by drafts that are published in the same folders at the same time. @default each syncs for itself */
  readonly directorySyncs?: DirectorySyncs
}

/** Files that are kept open until they are synced together. */
const MOST_UNSYNCED = 16

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
  return new OpenFolderDraft(fs, path, temporaryPath, options)
}

class OpenFolderDraft implements FolderDraft {
  readonly path: string
  readonly temporaryPath: string
  readonly #fs: FileSystem
  readonly #open: Set<DraftFile> = new Set()
  readonly #folders: Set<string> = new Set()
  readonly #beingPlaced: Set<Promise<unknown>> = new Set()
  readonly #options: FolderDraftOptions
  /** Finished, by path. */
  readonly #unsynced: Map<string, OpenFile> = new Map()
  /** What was lost when files were synced together; asking the system again could hide it. */
  #lost: unknown
  #state: 'open' | 'published' | 'discarded' = 'open'
  #renamed = false

  constructor(fs: FileSystem, path: string, temporaryPath: string, options: FolderDraftOptions) {
    this.#options = options
    this.#fs = fs
    this.path = path
    this.temporaryPath = temporaryPath
  }

  createFile(name: string): Promise<DraftFile> {
    return this.#placing(async () => {
      const path = await this.#place('create', name)
      const file = await openDraftFile(this.#fs, path, name, {
        onEnd: () => this.#open.delete(file),
        takeOver: (at, handle) => this.#takeOver(at, handle),
      })
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
      await this.#unsynced.get(path)?.close()
      this.#unsynced.delete(path)
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
    if (!this.#renamed) {
      await this.#syncAll()
      try {
        await this.#fs.rename(this.temporaryPath, this.path)
      } catch (error) {
        throw new AtomicFileError('publish', this.path, error)
      }
      this.#renamed = true
    }
    // In this order a crash can leave both names, but never none.
    await this.#syncDirectory(dirname(this.path))
    if (dirname(this.temporaryPath) !== dirname(this.path)) await this.#syncDirectory(dirname(this.temporaryPath))
    this.#state = 'published'
  }

  async discard(): Promise<void> {
    if (this.#state !== 'open' || this.#renamed) return
    this.#state = 'discarded'
    // What is being created now would come into a folder that is being removed.
    await Promise.allSettled(this.#beingPlaced)
    await Promise.all([...this.#open].map((file) => file.discard()))
    await Promise.allSettled([...this.#unsynced.values()].map((handle) => handle.close()))
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

  #takeOver(path: string, handle: OpenFile): boolean {
    if (this.#options.syncTogether !== true || this.#unsynced.size >= MOST_UNSYNCED) return false
    this.#unsynced.set(path, handle)
    return true
  }

  /** All files, and all folders: a name in a folder is durable only when the folder is. Waits for all of them, also when one fails. */
  async #syncAll(): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost
    const unsynced = [...this.#unsynced]
    this.#unsynced.clear()
    const files = unsynced.map(async ([path, handle]) => {
      try {
        await syncAndClose(handle)
      } catch (error) {
        this.#lost ??= new AtomicFileError('write', path, error)
        throw this.#lost
      }
    })
    const folders = [...this.#folders].map((name) => innerPath(this.temporaryPath, name))
    const results = await Promise.allSettled([
      ...files,
      ...[this.temporaryPath, ...folders].map((folder) => syncDirectory(folder, { fs: this.#fs })),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  #syncDirectory(path: string): Promise<void> {
    const deps = { fs: this.#fs }
    return this.#options.directorySyncs?.sync(path, deps) ?? syncDirectory(path, deps)
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
