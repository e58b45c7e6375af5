import { dirname, resolve } from 'node:path'
import { AtomicFileError } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { syncDirectory } from './sync-directory.js'

export interface MakeDirectoryOptions {
  /** Permission bits of the directories that are created; the umask applies. @default 0o777 */
  readonly mode?: number
}

/**
 * Creates a directory with its missing parents. On return every directory that this call created is durable; an existing one is left as it is
 * (and if another process created it this very moment, that process makes it durable).
 *
 * @throws AtomicFileError with the system's code (`ENOTDIR`, `EEXIST`, `EACCES`, `EROFS`, …).
 * @example await makeDirectory('/var/lib/app/state')
 */
export async function makeDirectory(
  path: string,
  options: MakeDirectoryOptions = {},
  deps?: AtomicFileDeps,
): Promise<void> {
  const directory = resolve(path)
  let firstCreated: string | undefined
  try {
    firstCreated = await resolveFs(deps).mkdir(directory, { recursive: true, mode: options.mode ?? 0o777 })
  } catch (error) {
    throw new AtomicFileError('create directory', path, error)
  }
  if (firstCreated === undefined) return
  const existing = dirname(firstCreated)
  for (let parent = dirname(directory); ; parent = dirname(parent)) {
    await syncDirectory(parent, deps)
    if (parent === existing || parent === dirname(parent)) return
  }
}
