import { closeSync, openSync } from 'node:fs'
import { FileLock, LockExistsError, lockDescriptor } from '@holdfast/lock'

/** For so long a free lock is taken past those who may be waiting, time and again; then get in line like everybody. */
const PAST_OTHERS_MS = 50
/** Who left the lock alone for so long has held up nobody. */
const PAUSE_MS = 20

/** Opens the gate for others. That the lock's file was taken away meanwhile has harmed nothing: SQLite's own lock was held as well. */
export type LeaveGate = () => void

/**
 * The file lock in front of SQLite's own. SQLite lets writers of several processes poll, and whoever is unlucky starves; the lock serves them in
 * order. A lock that is free is taken through a descriptor that stays open and nothing is written into its file, since the next sync of the database
 * would have to wait for that as well; only a lock that is held makes us line up and say who we are.
 */
export class Gate {
  readonly #path: string
  #descriptor: number | undefined
  #streakMs = 0
  #enteredMs = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Throws LockTimeoutError after `timeoutMs`. */
  async enter(timeoutMs: number): Promise<LeaveGate> {
    const nowMs = performance.now()
    if (nowMs - this.#enteredMs > PAUSE_MS) this.#streakMs = nowMs
    this.#enteredMs = nowMs
    if (nowMs - this.#streakMs < PAST_OTHERS_MS) {
      const leave = await this.#enterIfFree()
      if (leave !== undefined) return leave
    }
    const lock = await FileLock.acquire(this.#path, { timeoutMs: Math.max(1, timeoutMs) })
    this.#enteredMs = performance.now()
    this.#streakMs = this.#enteredMs
    return () => {
      lock.release().catch(() => undefined)
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  async #enterIfFree(): Promise<LeaveGate | undefined> {
    try {
      this.#descriptor ??= openSync(this.#path, 'r')
      const unlock = await lockDescriptor(this.#descriptor, this.#path)
      // The file was removed or replaced; it is opened anew next time.
      if (unlock === undefined) this.close()
      return unlock
    } catch (error) {
      if (error instanceof LockExistsError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
        return undefined
      }
      throw error
    }
  }
}
