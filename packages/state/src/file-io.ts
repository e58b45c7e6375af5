/**
 * Reading and replacing the files of this package, with its own error classes. For each file `<path>` it also owns `<path>.bak` (the content
 * before the last commit, a hard link), `<path>.lock` and `<path>.corrupt-<time>` (damaged or foreign content that was replaced; never removed
 * by the package).
 */
import { lstat, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  type AtomicFileDeps,
  errorCode,
  makeDirectory,
  moveFile,
  removeFile,
  writeFileAtomic,
} from '@holdfast/atomic-file'
import { StateReadError, StateWriteError } from './errors.js'

/** What the functions of this package take from the outside world. */
export interface StateDeps extends AtomicFileDeps {
  /** Epoch milliseconds; names the files that are set aside. @default Date.now */
  readonly now?: () => number
}

/** The bytes of a file, `undefined` when there is none. @throws StateReadError */
export async function readBytes(path: string, deps: StateDeps): Promise<Uint8Array | undefined> {
  try {
    // Reading a pipe would wait for ever.
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file')
    return await (deps.fs?.readFile ?? readFile)(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new StateReadError(path, error)
  }
}

/** Replaces a file durably, keeping the old one under `backupPath`. @throws StateWriteError */
export async function replaceFile(path: string, text: string, backupPath: string, deps: StateDeps): Promise<void> {
  await asWriteError(path, () => writeFileAtomic(path, text, { backupPath }, deps))
}

/** Moves a damaged file to a name of its own. @throws StateWriteError */
export async function moveAside(path: string, deps: StateDeps): Promise<string> {
  const asidePath = await freeAsidePath(path, deps)
  await asWriteError(path, () => moveFile(path, asidePath, deps))
  return asidePath
}

/** Removes the backup of a file, if there is one. @throws StateWriteError */
export async function removeBackup(path: string, deps: StateDeps): Promise<void> {
  await asWriteError(path, () => removeFile(backupOf(path), {}, deps))
}

export async function makeFolderOf(path: string, deps: StateDeps): Promise<void> {
  await asWriteError(path, () => makeDirectory(dirname(path), {}, deps))
}

export function backupOf(path: string): string {
  return `${path}.bak`
}

/** `<path>.corrupt-20260102T030405.678Z`, with a number behind it if that name is taken. */
export async function freeAsidePath(path: string, deps: StateDeps): Promise<string> {
  const time = new Date((deps.now ?? Date.now)()).toISOString().replaceAll(/[-:]/g, '')
  const wanted = `${path}${ASIDE_MARK}${time}`
  for (let attempt = 1; ; attempt++) {
    const candidate = attempt === 1 ? wanted : `${wanted}-${attempt}`
    try {
      await lstat(candidate)
    } catch (error) {
      if (isMissing(error)) return candidate
      throw new StateReadError(candidate, error)
    }
  }
}

/** What every name made by `freeAsidePath` has behind the file's own name. */
export const ASIDE_MARK = '.corrupt-'

/** Runs an operation on the disk and names its failure after the state file, not after the lock or folder beside it. */
async function asWriteError<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    throw new StateWriteError(path, error)
  }
}

function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
