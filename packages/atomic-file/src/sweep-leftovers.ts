import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { AtomicFileError, errorCode } from './errors.js'
import { type AtomicFileDeps, type FileSystem, removeTree, resolveFs } from './file-system.js'
import { currentOwner, isAlive, parseTemporaryName } from './temporary-name.js'

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
 * Removes the temporary files and folders that killed writers left in one folder (not in those below it) and returns their paths. What stays: those of
 * living writers, those that this process has no permission to remove, and everything that is not named exactly like a temporary one.
 * A folder that does not exist is empty. Safe beside writers and other sweeps.
 *
 * @throws AtomicFileError when the folder cannot be read or a removal fails otherwise (`EIO`).
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
    for (const entry of await fs.readdir(directory, { withFileTypes: true })) {
      const owner = entry.isFile() || entry.isDirectory() ? parseTemporaryName(entry.name) : undefined
      if (owner === undefined) continue
      const path = join(directory, entry.name)
      const isAbandoned =
        owner.space === currentOwner().space ? !isAlive(owner) : await isOlder(fs, path, entry, idleSince)
      if (isAbandoned && (await tryRemove(fs, path, entry))) removed.push(path)
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return removed
    throw new AtomicFileError('sweep leftovers in', directory, error)
  }
  return removed
}

/** A folder is as old as what was written in it last. */
async function isOlder(fs: FileSystem, path: string, entry: Dirent, sinceMs: number): Promise<boolean> {
  try {
    if ((await fs.lstat(path)).mtimeMs >= sinceMs) return false
    if (!entry.isDirectory()) return true
    for (const inner of await fs.readdir(path, { withFileTypes: true }))
      if (!(await isOlder(fs, join(path, inner.name), inner, sinceMs))) return false
    return true
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false
    throw error
  }
}

async function tryRemove(fs: FileSystem, path: string, entry: Dirent): Promise<boolean> {
  try {
    await (entry.isDirectory() ? removeTree(fs, path) : fs.unlink(path))
    return true
  } catch (error) {
    if (STAYS.has(errorCode(error) ?? '')) return false
    throw error
  }
}

// Gone by another sweep, or not ours to remove: neither harms anybody.
const STAYS: ReadonlySet<string> = new Set(['ENOENT', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EROFS'])
