import { dirname } from 'node:path'
import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { OpenFolder } from './open-folder.js'

/**
 * Renames a file or folder within one file system, replacing a file that has the new name. Durable on return. Symbolic links are moved, not
 * followed. As with every rename, nothing happens when both names are hard links of the same file.
 *
 * @throws AtomicFileError with the system's code (`ENOENT`, `EXDEV`, …); nothing was moved, unless only the last step, the sync, failed.
 * @example await moveFile('state.json', 'state.json.corrupt-20260102T030405Z')
 */
export async function moveFile(from: string, to: string, deps?: AtomicFileDeps): Promise<void> {
  const fs = resolveFs(deps)
  const isOneFolder = dirname(from) === dirname(to)
  await using newFolder = new OpenFolder(fs, dirname(to))
  await using oldFolder = isOneFolder ? null : new OpenFolder(fs, dirname(from))
  try {
    await newFolder.opened()
    await oldFolder?.opened()
    await fs.rename(from, to)
  } catch (error) {
    throw new AtomicFileError('move', from, error)
  }
  // In this order a crash can leave both names, but never none.
  await newFolder.sync()
  await oldFolder?.sync()
}

export interface RemoveFileOptions {
  /** `false`: the name may be back after a power failure, for what is found and removed again anyway. @default true */
  readonly durable?: boolean
}

/**
 * Removes a file, or a symbolic link itself. Resolves to `false` when there was none. Durable on return.
 *
 * @throws AtomicFileError with the system's code.
 * @example await removeFile('journal.log')
 */
export async function removeFile(
  path: string,
  options: RemoveFileOptions = {},
  deps?: AtomicFileDeps,
): Promise<boolean> {
  const fs = resolveFs(deps)
  await using folder = options.durable === false ? null : new OpenFolder(fs, dirname(path))
  try {
    await fs.unlink(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw new AtomicFileError('remove', path, error)
  }
  await folder?.sync()
  return true
}
