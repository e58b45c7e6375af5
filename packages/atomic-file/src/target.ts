import type { Stats } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import { codedError, errorCode, NotARegularFileError } from './errors.js'
import type { FileSystem } from './file-system.js'

export interface Target {
  /** Where the bytes go: the path asked for, or what it points to when it is a symbolic link. */
  readonly path: string
  readonly existing: Stats | undefined
}

// As many as Linux follows.
const MOST_LINKS = 40

/** Finds the file that a write to `path` replaces or creates; a link may point to a file that does not exist yet. */
export async function findTarget(fs: FileSystem, path: string): Promise<Target> {
  let target = isAbsolute(path) ? path : inFolder(process.cwd(), path)
  for (let followed = 0; followed <= MOST_LINKS; followed += 1) {
    const existing = await lstatIfThere(fs, target)
    if (existing?.isFile() ?? true) return { path: target, existing }
    if (!existing?.isSymbolicLink()) throw new NotARegularFileError(target)
    const pointsTo = await fs.readlink(target)
    target = isAbsolute(pointsTo) ? pointsTo : inFolder(dirname(target), pointsTo)
  }
  throw codedError('ELOOP', 'too many symbolic links encountered')
}

/** Unlike `join` it leaves `..` to the kernel, which knows where a linked folder leads. */
export function inFolder(folder: string, name: string): string {
  return folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`
}

async function lstatIfThere(fs: FileSystem, path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}
