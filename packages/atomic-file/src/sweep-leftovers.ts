import { join } from 'node:path'
import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, resolveFs } from './file-system.js'
import { currentOwner, parseTemporaryName, startTimeOf, type TemporaryFileOwner } from './temporary-name.js'

export interface SweepOptions {
  /**
   * Whether a writer in another container, on another host or before the last boot still lives cannot be asked; its temporary files are removed
   * when they have not been written to for this long. @default 3_600_000
   */
  readonly foreignIdleMs?: number
}

export interface SweepDeps extends AtomicFileDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
}

/**
 * Removes the temporary files that killed writers left in one folder (not in those below it) and returns their paths. Files of living writers,
 * and every file that does not have the form of a temporary name, stay. A folder that does not exist is empty.
 *
 * @throws AtomicFileError when the folder cannot be read or a leftover cannot be removed.
 * @example await sweepLeftovers('/var/lib/app')
 */
export async function sweepLeftovers(
  directory: string,
  options: SweepOptions = {},
  deps: SweepDeps = {},
): Promise<string[]> {
  const fs = resolveFs(deps)
  const idleSince = (deps.now ?? Date.now)() - (options.foreignIdleMs ?? 3_600_000)
  const removed: string[] = []
  try {
    for (const name of await fs.readdir(directory)) {
      const owner = parseTemporaryName(name)
      if (owner === undefined) continue
      const path = join(directory, name)
      const abandoned = isLocal(owner) ? isGone(owner) : await isIdle(path)
      if (!abandoned) continue
      await fs.unlink(path).catch(ignoreMissing)
      removed.push(path)
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return removed
    throw new AtomicFileError('sweep leftovers in', directory, error)
  }
  return removed

  async function isIdle(path: string): Promise<boolean> {
    const status = await fs.stat(path).catch(ignoreMissing)
    return status !== undefined && status.mtimeMs < idleSince
  }
}

function isLocal(owner: TemporaryFileOwner): boolean {
  return owner.space === currentOwner().space
}

function isGone(owner: TemporaryFileOwner): boolean {
  return startTimeOf(owner.pid) !== owner.startedAt
}

function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error
}
