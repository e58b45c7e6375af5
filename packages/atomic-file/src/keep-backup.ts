/**
 * The second name that a replaced file keeps. A crash leaves the backup as it was or already made, and perhaps a temporary file, which
 * `sweepLeftovers` removes.
 */
import { constants } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './errors.js'
import type { FileSystem } from './file-system.js'
import { discardStaged } from './staged-file.js'
import { inFolder } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

/** Gives the file a second name, all at once; another file that has the name is replaced. The caller syncs the folder. */
export async function keepBackup(fs: FileSystem, path: string, backupPath: string): Promise<void> {
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
