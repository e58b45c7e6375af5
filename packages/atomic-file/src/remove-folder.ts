import { basename, dirname } from 'node:path'
import { AtomicFileError, codedError, errorCode } from './errors.js'
import { type AtomicFileDeps, removeTree, resolveFs } from './file-system.js'
import { syncDirectory } from './sync-directory.js'
import { inFolder } from './target.js'
import { currentOwner, makeTemporaryName } from './temporary-name.js'

export interface RemoveFolderOptions {
  /** Where it is while its files are being removed; must be on the same file system. @default the folder it is in */
  readonly tempDirectory?: string
}

/**
 * Removes a folder with everything in it, all at once: it first gets a temporary name, so that nobody finds half of it, and `sweepLeftovers` ends what a
 * crash interrupted. Symbolic links in it are removed, not followed. Resolves to `false` when there was none. On return the name is durably gone.
 *
 * @throws AtomicFileError with the system's code: `ENOTDIR` for a file.
 * @example await removeFolder('out/page-1')
 */
export async function removeFolder(
  path: string,
  options: RemoveFolderOptions = {},
  deps?: AtomicFileDeps,
): Promise<boolean> {
  const fs = resolveFs(deps)
  if (basename(path) === '' || basename(path) === '..') throw new RangeError(`A folder cannot be named '${path}'`)
  const temporaryPath = inFolder(options.tempDirectory ?? dirname(path), makeTemporaryName(currentOwner()))
  try {
    if (!(await fs.lstat(path)).isDirectory()) throw codedError('ENOTDIR', 'it is not a folder')
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw new AtomicFileError('remove', path, error)
  }
  try {
    await fs.rename(path, temporaryPath)
    await syncDirectory(dirname(path), deps)
    await removeTree(fs, temporaryPath)
  } catch (error) {
    throw error instanceof AtomicFileError ? error : new AtomicFileError('remove', path, error)
  }
  return true
}
