import { dirname } from 'node:path'
import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { syncDirectory } from './sync-directory.js'

/**
 * Renames a file or folder within one file system, replacing a file that has the new name. Durable on return.
 *
 * @throws AtomicFileError with the system's code.
 * @example await moveFile('state.json', 'state.json.corrupt-20260102T030405Z')
 */
export async function moveFile(from: string, to: string, deps?: AtomicFileDeps): Promise<void> {
  try {
    await resolveFs(deps).rename(from, to)
  } catch (error) {
    throw new AtomicFileError(`move to '${to}' the file`, from, error)
  }
  await syncDirectory(dirname(to), deps)
  if (dirname(from) !== dirname(to)) await syncDirectory(dirname(from), deps)
}

/**
 * Removes a file. Resolves to `false` when there was none. Durable on return.
 *
 * @throws AtomicFileError with the system's code.
 * @example await removeFile('journal.log')
 */
export async function removeFile(path: string, deps?: AtomicFileDeps): Promise<boolean> {
  try {
    await resolveFs(deps).unlink(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw new AtomicFileError('remove', path, error)
  }
  await syncDirectory(dirname(path), deps)
  return true
}
