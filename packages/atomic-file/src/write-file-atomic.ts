/**
 * The commit protocol of every state file: stage the new bytes beside the target and sync them, link the old file as a backup, rename, sync the
 * directory. At every instant the target is either the whole old file or the whole new one. A crash can leave a temporary file
 * (`.holdfast-….tmp`), which `sweepLeftovers` removes once its writer is gone.
 */
import { dirname, resolve } from 'node:path'
import { Companion, CompanionFailure } from './companion.js'
import { AtomicFileError, codedError, NotARegularFileError } from './errors.js'
import { type AtomicFileDeps, type FileSystem, resolveFs } from './file-system.js'
import { giveSecondName } from './keep-backup.js'
import { OpenFolders } from './open-folder.js'
import { discardStaged, type StagedFile, stageFile } from './staged-file.js'
import { syncDirectory } from './sync-directory.js'
import { findTarget } from './target.js'
import { toBytes } from './write-fully.js'

export interface WriteFileAtomicOptions {
  /** Exact permission bits of the result. @default those of the replaced file, or 0o666 less the umask for a new one */
  readonly mode?: number
  /** `false`: throw `EEXIST` when the target exists; of several writers at once exactly one succeeds. Needs hard links. @default true */
  readonly overwrite?: boolean
  /**
   * Keeps the replaced file under this name (a hard link, or a synced copy where links are not possible); one already there is replaced.
   * The backup is in place before the target changes. Nothing is kept when the target is new.
   */
  readonly backupPath?: string
  /** Where the temporary file is made; must be on the target's file system. @default the target's folder */
  readonly tempDirectory?: string
  /**
   * Work that has to succeed before the target changes, such as a journal entry about it. Called once the new bytes are on their way to the disk, so
   * that it goes on beside their sync. When it fails, nothing is replaced and the write rejects with the same error.
   */
  readonly publishAfter?: () => Promise<unknown>
  /** Other folders, which exist, in which that work gives or takes names: synced beside the target's, so that this is durable on return, too. @default none */
  readonly syncAlso?: readonly string[]
}

export interface FileToWrite {
  readonly path: string
  readonly data: string | Uint8Array
  /** See {@link WriteFileAtomicOptions.mode}. */
  readonly mode?: number
}

export type WriteFilesAtomicOptions = Pick<WriteFileAtomicOptions, 'overwrite' | 'tempDirectory'>

// Enough to keep the four threads of Node's pool busy without taking many descriptors.
const AT_ONCE = 8

/**
 * Replaces or creates a file all at once. On return the new content survives a power failure. Mode and owner of a replaced file are kept (a
 * process that may not give files away keeps the group if it can, and never widens access); a symbolic link stays and its target is replaced.
 *
 * @throws AtomicFileError whose `code` is the system's (`ENOSPC`, `EACCES`, `EROFS`, `EEXIST` …): the old file is untouched and the temporary
 *   file is removed. Only when the last step, the sync of the directory, fails (`EIO`) is the new file already in place.
 * @throws NotARegularFileError when the target is a directory, device or pipe.
 * @throws TypeError when the data is neither text nor bytes, or the backup would have the name of the target.
 * @example await writeFileAtomic('state.json', JSON.stringify(state), { backupPath: 'state.json.bak' })
 */
export async function writeFileAtomic(
  path: string,
  data: string | Uint8Array,
  options: WriteFileAtomicOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const fs = resolveFs(deps)
  const bytes = toBytes(data)
  const { overwrite = true, backupPath, publishAfter, syncAlso = [] } = options
  const write = async (): Promise<void> => {
    const target = await findTarget(fs, path)
    if (backupPath !== undefined && resolve(backupPath) === resolve(target.path))
      throw new TypeError(`The backup must not have the name of the file itself, '${backupPath}'`)
    if (!overwrite && target.existing !== undefined) throw alreadyThere()

    await using folders = new OpenFolders(fs, [dirname(target.path), ...syncAlso])
    const companion = new Companion(publishAfter)
    const staged = await stageFile(fs, target, bytes, { ...options, beside: companion })
    try {
      await folders.opened()
      if (backupPath !== undefined && target.existing !== undefined) {
        await giveSecondName(fs, target.path, backupPath)
        // The old content must be safe under its new name before it loses the old one; in one folder a single sync covers both.
        if (resolve(dirname(backupPath)) !== resolve(dirname(target.path)))
          await syncDirectory(dirname(backupPath), deps)
      }
      await companion.succeeded()
      await publish(fs, staged, overwrite)
    } catch (error) {
      await discardStaged(fs, staged.temporaryPath)
      throw error
    }
    await folders.sync()
  }
  try {
    await explained(path, write)
  } catch (error) {
    throw error instanceof CompanionFailure ? error.reason : error
  }
}

/**
 * Writes many files, each of them all at once, with one sync per folder. All bytes are on disk before the first file appears; they appear in the
 * order given, so the one that tells of the others belongs at the end. A kill while they appear leaves the later ones as they were; the caller
 * needs a commit record of its own if they belong together. On return all of them survive a power failure.
 *
 * @throws AtomicFileError as `writeFileAtomic`; when it comes from writing the bytes, no file was replaced, and no temporary file stays.
 * @throws NotARegularFileError, TypeError as `writeFileAtomic`, before any file was replaced.
 * @example await writeFilesAtomic([{ path: 'db/a.json', data: a }, { path: 'db/b.json', data: b }])
 */
export async function writeFilesAtomic(
  files: readonly FileToWrite[],
  options: WriteFilesAtomicOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const fs = resolveFs(deps)
  const { overwrite = true, tempDirectory } = options
  const sources = files.map(({ path, data, mode }, index) => ({ index, path, mode, bytes: toBytes(data) }))
  const staged: StagedFile[] = []
  try {
    await forEachOf(sources, async ({ index, path, bytes, mode }) =>
      explained(path, async () => {
        const target = await findTarget(fs, path)
        if (!overwrite && target.existing !== undefined) throw alreadyThere()
        staged[index] = await stageFile(fs, target, bytes, { mode, tempDirectory })
      }),
    )
    for (const file of staged) await explained(file.target.path, () => giveName(fs, file, overwrite))
  } catch (error) {
    await forEachOf(Object.values(staged), (file) => discardStaged(fs, file.temporaryPath))
    throw error
  }
  // All of them at once: one after the other, each would wait for its trip through the thread pool.
  if (!overwrite) await forEachOf(staged, (file) => discardStaged(fs, file.temporaryPath))
  const directories = new Set(staged.map((file) => dirname(file.target.path)))
  await forEachOf([...directories], (directory) => syncDirectory(directory, deps))
}

async function publish(fs: FileSystem, staged: StagedFile, overwrite: boolean): Promise<void> {
  await giveName(fs, staged, overwrite)
  if (!overwrite) await discardStaged(fs, staged.temporaryPath)
}

/** Without `overwrite` the file keeps its temporary name, too. */
async function giveName(fs: FileSystem, staged: StagedFile, overwrite: boolean): Promise<void> {
  if (overwrite) return fs.rename(staged.temporaryPath, staged.target.path)
  // Unlike rename, link refuses to replace what is there.
  await fs.link(staged.temporaryPath, staged.target.path)
}

function alreadyThere(): Error {
  return codedError('EEXIST', 'the file exists and was not to be overwritten')
}

const EXPLAINED = [AtomicFileError, NotARegularFileError, TypeError, CompanionFailure]

async function explained(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if (EXPLAINED.some((kind) => error instanceof kind)) throw error
    throw new AtomicFileError('write', path, error)
  }
}

/** Runs the work for all items, a few at a time; after a failure no further item is begun and those under way are awaited. */
async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
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
  const results = await Promise.allSettled(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
  for (const result of results) if (result.status === 'rejected') throw result.reason
}
