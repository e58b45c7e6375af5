/**
 * The commit protocol of every state file: stage the new bytes beside the target and sync them, link the old file as a backup, rename, sync the
 * directory. At every instant the target is either the whole old file or the whole new one. A crash can leave a temporary file
 * (`.holdfast-….tmp`), which `sweepLeftovers` removes once its writer is gone.
 */
import { dirname, join } from 'node:path'
import { AtomicFileError, errorCode, NotARegularFileError } from './errors.js'
import { type AtomicFileDeps, type FileSystem, resolveFs } from './file-system.js'
import { discardStaged, type StagedFile, stageFile } from './staged-file.js'
import { syncDirectory } from './sync-directory.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface WriteFileAtomicOptions {
  /** Exact permission bits of the result. @default those of the replaced file, or 0o666 less the umask for a new one */
  readonly mode?: number
  /** `false`: throw `EEXIST` when the target exists. @default true */
  readonly overwrite?: boolean
  /** Keeps the replaced file under this name (a hard link, or a synced copy where links are not supported); one already there is replaced. */
  readonly backupPath?: string
  /** Where the temporary file is made; must be on the target's file system. @default the target's folder */
  readonly tempDirectory?: string
}

export interface FileToWrite {
  readonly path: string
  readonly data: string | Uint8Array
  /** See {@link WriteFileAtomicOptions.mode}. */
  readonly mode?: number
}

export type WriteFilesAtomicOptions = Pick<WriteFileAtomicOptions, 'overwrite' | 'tempDirectory'>

// Enough to keep the four threads of Node's pool busy without taking many descriptors.
const FILES_STAGED_AT_ONCE = 8

/**
 * Replaces or creates a file all at once. On return the new content survives a power failure. Mode and owner of a replaced file are kept (a
 * process that may not give files away keeps group and mode); a symbolic link stays and its target is replaced.
 *
 * @throws AtomicFileError whose `code` is the system's (`ENOSPC`, `EACCES`, `EROFS`, `EEXIST` …): the old file is untouched and the temporary
 *   file is removed. Only when the last step, the sync of the directory, fails is the new file already in place.
 * @throws NotARegularFileError when the target is a directory, device or pipe.
 * @example await writeFileAtomic('state.json', JSON.stringify(state), { backupPath: 'state.json.bak' })
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteFileAtomicOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const fs = resolveFs(deps)
  await explained(path, async () => {
    const staged = await stageFile(fs, path, data, options)
    try {
      if (options.backupPath !== undefined && staged.targetExists)
        await keepBackup(fs, staged.targetPath, options.backupPath)
      await publish(fs, staged, options.overwrite ?? true)
    } catch (error) {
      await discardStaged(fs, staged.temporaryPath)
      throw error
    }
    await syncDirectory(dirname(staged.targetPath), deps)
    if (options.backupPath !== undefined && dirname(options.backupPath) !== dirname(staged.targetPath)) {
      await syncDirectory(dirname(options.backupPath), deps)
    }
  })
}

/**
 * Writes many files, each of them all at once, with one sync per folder. All bytes are on disk before the first file appears; a kill while they
 * appear leaves some of them replaced and the others as they were, so the caller needs a commit record of its own if they belong together.
 * On return all of them survive a power failure.
 *
 * @throws AtomicFileError as `writeFileAtomic`; when it comes from writing the bytes, no file was replaced.
 * @example await writeFilesAtomic([{ path: 'db/a.json', data: a }, { path: 'db/b.json', data: b }])
 */
export async function writeFilesAtomic(
  files: readonly FileToWrite[],
  options: WriteFilesAtomicOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const fs = resolveFs(deps)
  const staged: StagedFile[] = []
  try {
    await forEachOf(files, FILES_STAGED_AT_ONCE, (file) =>
      explained(file.path, async () => {
        staged.push(
          await stageFile(fs, file.path, file.data, { mode: file.mode, tempDirectory: options.tempDirectory }),
        )
      }),
    )
    await forEachOf(staged, FILES_STAGED_AT_ONCE, (file) =>
      explained(file.targetPath, () => publish(fs, file, options.overwrite ?? true)),
    )
  } catch (error) {
    await Promise.all(staged.map((file) => discardStaged(fs, file.temporaryPath)))
    throw error
  }
  const directories = new Set(staged.map((file) => dirname(file.targetPath)))
  await Promise.all([...directories].map((directory) => syncDirectory(directory, deps)))
}

async function publish(fs: FileSystem, staged: StagedFile, overwrite: boolean): Promise<void> {
  if (overwrite) return fs.rename(staged.temporaryPath, staged.targetPath)
  // Unlike rename, link refuses to replace what is there.
  await fs.link(staged.temporaryPath, staged.targetPath)
  await fs.unlink(staged.temporaryPath)
}

async function keepBackup(fs: FileSystem, targetPath: string, backupPath: string): Promise<void> {
  const temporaryPath = join(dirname(backupPath), makeTemporaryName(currentOwner()))
  try {
    await linkOrCopy(fs, targetPath, temporaryPath)
    await fs.rename(temporaryPath, backupPath)
  } finally {
    // Renaming a link onto another link of the same file does nothing and leaves both names.
    await discardStaged(fs, temporaryPath)
  }
}

async function linkOrCopy(fs: FileSystem, from: string, to: string): Promise<void> {
  try {
    await fs.link(from, to)
    return
  } catch (error) {
    if (!LINK_NOT_POSSIBLE.has(errorCode(error) ?? '')) throw error
  }
  await fs.copyFile(from, to)
  const handle = await fs.open(to, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const LINK_NOT_POSSIBLE: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'])

async function explained(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (error instanceof AtomicFileError || error instanceof NotARegularFileError) throw error
    throw new AtomicFileError('write', path, error)
  }
}

/** Runs the work for all items, `limit` at a time; after a failure no further item is begun and those under way are awaited. */
async function forEachOf<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values()
  let failed = false
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failed) return
      try {
        await work(item)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const results = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
