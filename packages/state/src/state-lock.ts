/**
 * Who may change `<path>`: the holder of `<path>.lock`. The file stays when it is released; the kernel frees the lock of a process that dies.
 */
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { StateWriteError } from './errors.js'
import { makeFolderOf, type StateDeps } from './file-io.js'

/** How long a change may wait for another process that is changing the same file. */
export interface LockWaitOptions {
  /** @default 10_000 */
  readonly lockTimeoutMs?: number
  /** Ends the wait for the lock. */
  readonly signal?: AbortSignal
}

/** Takes the lock of a file, creating the folder. @throws LockTimeoutError when it is held for too long, StateWriteError when it cannot be made */
export async function acquireStateLock(path: string, options: LockWaitOptions, deps: StateDeps): Promise<FileLock> {
  await makeFolderOf(path, deps)
  const { lockTimeoutMs: timeoutMs = DEFAULT_LOCK_TIMEOUT_MS, signal } = options
  try {
    return await FileLock.acquire(lockOf(path), { timeoutMs, ...(signal === undefined ? {} : { signal }) })
  } catch (error) {
    if (errorCode(error) === 'ERR_LOCK_FILE' && error instanceof Error) {
      throw new StateWriteError(path, error.cause ?? error)
    }
    throw error
  }
}

export async function withStateLock<T>(
  path: string,
  options: LockWaitOptions,
  deps: StateDeps,
  work: () => Promise<T>,
): Promise<T> {
  const lock = await acquireStateLock(path, options, deps)
  try {
    const result = await work()
    await lock.release()
    return result
  } finally {
    // After an error of the work its own message counts; a second release does nothing.
    await lock.release().catch(() => undefined)
  }
}

/** Runs the work if the lock is free right now; answers `undefined` when it is held. */
export async function tryWithStateLock<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  await using lock = await FileLock.tryAcquire(lockOf(path))
  return lock === undefined ? undefined : await work()
}

function lockOf(path: string): string {
  return `${path}.lock`
}

const DEFAULT_LOCK_TIMEOUT_MS = 10_000
