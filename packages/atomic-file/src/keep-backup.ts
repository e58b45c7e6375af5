/**
 * The second name that a replaced file keeps. A crash leaves the backup as it was or already made, and perhaps a temporary file, which
 * `sweepLeftovers` removes.
 */
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, type FileSystem, resolveFs } from './file-system.js'
import { discardStaged } from './staged-file.js'
import { syncDirectory } from './sync-directory.js'
import { inFolder } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface KeepBackupOptions {
  /** `false`: the caller syncs the backup's folder. @default true */
  readonly durable?: boolean
}

/**
 * Keeps what a file holds now under a second name: a hard link, or a synced copy where links are not possible. A link of a file that is only ever
 * replaced goes on holding the old bytes; a program that writes into the file in place changes both names. Durable on return, unless the caller syncs
 * the folder later; a file that has the backup's name already is replaced.
 *
 * A symbolic link is not followed.
 *
 * @throws AtomicFileError with the system's code (`ENOENT` when there is no such file).
 * @example await keepBackup('state.json', 'backups/state_20260102.json.bak')
 */
export async function keepBackup(
  path: string,
  backupPath: string,
  options: KeepBackupOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const fs = resolveFs(deps)
  try {
    await giveSecondName(fs, path, backupPath)
    if (options.durable !== false) await syncDirectory(dirname(backupPath), deps)
  } catch (error) {
    throw error instanceof AtomicFileError ? error : new AtomicFileError('keep a backup of', path, error)
  }
}

/** Gives the file a second name, all at once; another file that has the name is replaced. The caller syncs the folder. */
export async function giveSecondName(fs: FileSystem, path: string, backupPath: string): Promise<void> {
  try {
    await fs.link(path, backupPath)
    return
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' && !LINK_NOT_POSSIBLE.has(errorCode(error) ?? '')) throw error
  }
  const temporaryPath = inFolder(dirname(backupPath), makeTemporaryName(currentOwner()))
  try {
    await linkOrCopy(fs, path, temporaryPath)
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
  await fs.copyFile(from, to, constants.COPYFILE_EXCL)
  const handle = await fs.open(to, constants.O_RDWR)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const LINK_NOT_POSSIBLE: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'])
