import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { OpenFolder } from './open-folder.js'

/**
 * Makes the names in a directory durable: files created, renamed or removed there before the call survive a power failure once it returns.
 * Where the platform or the file system cannot sync a directory (Windows, some network mounts), the call does nothing.
 *
 * @throws AtomicFileError with the system's code when the directory cannot be opened or synced.
 * @example await syncDirectory('/var/lib/app')
 */
export async function syncDirectory(path: string, deps?: AtomicFileDeps): Promise<void> {
  await using folder = new OpenFolder(resolveFs(deps), path)
  await folder.sync()
}
