import { FileLock, LockExistsError } from '@holdfast/lock'

/** After so many times of taking a free lock past those who wait, get in line like everybody. */
const PAST_OTHERS = 8

/**
 * The file lock in front of SQLite's own. SQLite lets writers of several processes poll, and whoever is unlucky starves; the lock serves them in
 * order. A lock that is free is taken at once, which costs half as much, but only a few times in a row.
 */
export class Gate {
  readonly #path: string
  #atOnce = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Throws LockTimeoutError after `timeoutMs`. */
  async enter(timeoutMs: number): Promise<FileLock> {
    if (this.#atOnce < PAST_OTHERS) {
      this.#atOnce += 1
      try {
        return await FileLock.acquire(this.#path)
      } catch (error) {
        if (!(error instanceof LockExistsError)) throw error
      }
    }
    const lock = await FileLock.acquire(this.#path, { timeoutMs: Math.max(1, timeoutMs) })
    this.#atOnce = 0
    return lock
  }

  /** Frees the lock. That its file was taken away meanwhile has harmed nothing: SQLite's own lock was held as well. */
  leave(lock: FileLock): void {
    lock.release().catch(() => undefined)
  }
}
