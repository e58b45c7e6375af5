import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'

/**
 * Makes the names in a directory durable: files created, renamed or removed there before the call survive a power failure once it returns.
 * Where the platform cannot sync a directory (Windows), the call does nothing.
 *
 * @throws AtomicFileError with the system's code when the directory cannot be opened or synced.
 * @example await syncDirectory('/var/lib/app')
 */
export async function syncDirectory(path: string, deps?: AtomicFileDeps): Promise<void> {
  if (process.platform === 'win32') return
  try {
    const handle = await resolveFs(deps).open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (error) {
    // Some network and FUSE file systems have no fsync for directories: they answer EINVAL, and nothing more can be done.
    if (errorCode(error) === 'EINVAL') return
    throw new AtomicFileError('sync directory', path, error)
  }
}
