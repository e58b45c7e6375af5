import type { LockDeps } from './deps.js'
import { FileLock, type LockOptions } from './file-lock.js'

/**
 * Run `fn` while the lock is held and resolve to its value. The lock is released when `fn` has ended, well or not.
 * Fails like `FileLock.acquire` and `release`; when both `fn` and the release fail, with `fn`'s error.
 *
 * @example
 * const state = await withLock('state.json.lock', () => update(), { timeoutMs: 10_000 })
 */
export async function withLock<T>(
  path: string,
  fn: (lock: FileLock) => T | Promise<T>,
  options: LockOptions = {},
  deps: Partial<LockDeps> = {},
): Promise<T> {
  const lock = await FileLock.acquire(path, options, deps)
  let value: T
  try {
    value = await fn(lock)
  } catch (error) {
    await lock.release().catch(() => undefined)
    throw error
  }
  await lock.release()
  return value
}
