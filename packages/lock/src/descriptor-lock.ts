import { fstatSync, statSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

import { LockFileError, LockTimeoutError } from './errors.js'
import { isHeldElsewhere, loadNative, systemError } from './native.js'

export interface DescriptorLockOptions {
  /**
   * How long to wait, in milliseconds.
   * @default 0
   */
  readonly timeoutMs?: number
  /** Calls off the waiting; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Take flock(2) exclusively on a file that the caller has open, for the few milliseconds in which it must not change under its hands. Nothing is
 * written into the file, and there is no waiting line: for work that takes long or is much sought after, use `FileLock`. The file stays locked
 * until the returned function is called, the descriptor is closed or the process dies. Two descriptors exclude each other in one process too.
 *
 * Resolves to `undefined` when the descriptor is no longer the file of that path (it was removed or replaced): open it anew.
 *
 * @throws LockTimeoutError when it stayed locked for `timeoutMs`; LockFileError when the file system refuses; LockUnsupportedError.
 * @example
 * const unlock = await lockDescriptor(journal.fd, journal.path, { timeoutMs: 1000 })
 */
export async function lockDescriptor(
  fd: number,
  path: string,
  { timeoutMs = 0, signal }: DescriptorLockOptions = {},
): Promise<(() => void) | undefined> {
  const native = loadNative(path)
  const started = performance.now()
  for (;;) {
    signal?.throwIfAborted()
    const error = native.takeFlock(fd, false)
    if (error === 0) break
    const cause = systemError(error, 'flock')
    if (!isHeldElsewhere(error)) throw new LockFileError(`Failed to lock "${path}"`, { path, cause })
    if (performance.now() - started >= timeoutMs) {
      const message = `"${path}" was still locked by another program after ${timeoutMs} ms; find it with: fuser -v "${path}"`
      throw new LockTimeoutError(message, { path, holder: undefined, timeoutMs })
    }
    await sleep(POLL_MS, undefined, signal === undefined ? {} : { signal })
  }
  const unlock = (): void => void native.dropFlock(fd)
  if (isFileOfPath(fd, path)) return unlock
  unlock()
  return undefined
}

const POLL_MS = 2

function isFileOfPath(fd: number, path: string): boolean {
  const named = statSync(path, { throwIfNoEntry: false, bigint: true })
  const open = fstatSync(fd, { bigint: true })
  return named !== undefined && named.ino === open.ino && named.dev === open.dev
}
