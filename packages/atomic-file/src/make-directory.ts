import { dirname } from 'node:path'
import { AtomicFileError } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { syncDirectory } from './sync-directory.js'

export interface MakeDirectoryOptions {
  /** Permission bits of the directories that are created; the umask applies. @default 0o777 */
  readonly mode?: number
}

/**
 * Creates a directory with its missing parents. On return every directory that was created is durable; an existing one is left as it is.
 *
 * @throws AtomicFileError with the system's code (`ENOTDIR`, `EACCES`, `EROFS`, …).
 * @example await makeDirectory('/var/lib/app/state')
 */
export async function makeDirectory(
  path: string,
  options: MakeDirectoryOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  let firstCreated: string | undefined
  try {
    firstCreated = await resolveFs(deps).mkdir(path, { recursive: true, mode: options.mode ?? 0o777 })
  } catch (error) {
    throw new AtomicFileError('create directory', path, error)
  }
  if (firstCreated === undefined) return
  const topmost = dirname(firstCreated)
  for (let parent = dirname(path); parent.length >= topmost.length; parent = dirname(parent)) {
    await syncDirectory(parent, deps)
    if (parent === topmost || parent === dirname(parent)) break
  }
}
