import { resolve } from 'node:path'

import { type LockDeps, resolveDeps } from './deps.js'
import { LockExistsError, LockLostError, type LockLostReason } from './errors.js'
import type { LockFile } from './lock-file.js'
import { type LockHolder, type LockRecord, nextToken } from './lock-record.js'
import { loadNative } from './native.js'
import { takeLock } from './take-lock.js'

export interface LockOptions {
  /**
   * How long to wait for the lock, in milliseconds; 0 fails at once, `Infinity` waits for ever.
   * @default 0
   */
  readonly timeoutMs?: number
  /**
   * Take the lock together with other shared holders, and without exclusive ones. Shared holders write nothing.
   * @default false
   */
  readonly shared?: boolean
  /** Calls off the waiting (not the lock once it is held); the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface MonitorOptions {
  /**
   * Time between two looks at the lock file, in milliseconds.
   * @default 60_000
   */
  readonly intervalMs?: number
  /** Called once, when a look finds the lock lost. */
  readonly onLost?: (reason: LockLostReason) => void
}

/** The last exclusive holder, which died without releasing. */
export interface PreviousHolder {
  readonly pid: number
  readonly host: string | undefined
  /** When it took the lock, ISO-8601 UTC. */
  readonly since: string | undefined
  /** What it said it was doing, see `note()`. */
  readonly note: string | undefined
}

/**
 * A lock on a file, held until it is released or the process ends in whatever way. Built on flock(2): it excludes,
 * and is excluded by, flock(1) and Python's `fcntl.flock`. Advisory: it stops only those who ask.
 *
 * Keep a reference until `release()`; a lock that is merely forgotten stays held while the process lives.
 *
 * @example
 * await using lock = await FileLock.acquire('/var/run/archiver.lock')
 * lock.monitor({ intervalMs: 1000, onLost: (reason) => shutDown(reason) })
 */
export class FileLock {
  /** The absolute path of the lock file. */
  readonly path: string
  readonly shared: boolean
  /**
   * A number larger than that of every exclusive holder before, to be stored with the work so that a late write of an
   * earlier holder can be recognised. For a shared lock, the token of the last exclusive holder, 0 if unknown.
   */
  readonly token: number
  /**
   * The last exclusive holder if it died without releasing, so that what it left can be looked at. `undefined` after
   * a clean release, and when the file does not tell (first use, or a program that writes only its pid).
   */
  readonly previous: PreviousHolder | undefined
  readonly #file: LockFile
  readonly #deps: LockDeps
  readonly #since: string
  readonly #timers: Set<NodeJS.Timeout> = new Set()
  #note: string | undefined
  #lost: LockLostReason | undefined
  #controller: AbortController | undefined
  #released = false

  private constructor(file: LockFile, shared: boolean, deps: LockDeps) {
    this.path = file.path
    this.shared = shared
    this.#file = file
    this.#deps = deps
    if (!shared) file.assertLockFile()
    const last = file.read()
    const nowMicros = deps.nowMicros()
    this.#since = new Date(nowMicros / 1000).toISOString()
    this.previous = last.state === 'held' && last.holder !== undefined ? previousHolder(last.holder) : undefined
    this.token = shared ? last.token : nextToken(last.token, nowMicros)
    if (!shared) file.write(this.#record())
  }

  /**
   * Take the lock. Makes the lock file and its folders if need be. When it resolves, no other process holds the lock
   * and the file names this process; a refused attempt changes nothing in the file.
   *
   * Throws LockExistsError if it is held and `timeoutMs` is 0, LockTimeoutError if it stayed held for `timeoutMs`,
   * LockFileError if the file cannot be used (also when the disk is full: a lock without its token would be a false
   * promise), LockUnsupportedError without flock(2), and the signal's reason when called off. Those who wait are
   * served in the order in which they came.
   */
  static async acquire(path: string, options: LockOptions = {}, deps: Partial<LockDeps> = {}): Promise<FileLock> {
    const { timeoutMs = 0, shared = false, signal } = options
    if (path === '') throw new TypeError('The path of a lock must not be empty')
    if (!(timeoutMs >= 0)) throw new RangeError(`timeoutMs must be 0 or more, not ${timeoutMs}`)
    const absolute = resolve(path)
    const native = loadNative(absolute)
    const resolved = resolveDeps(deps, native)
    const file = await takeLock(absolute, { timeoutMs, shared, signal }, native, resolved)
    try {
      return new FileLock(file, shared, resolved)
    } catch (error) {
      file.close()
      throw error
    }
  }

  /** Like `acquire`, but `undefined` when the lock is held (or stayed held for `timeoutMs`). */
  static async tryAcquire(
    path: string,
    options: LockOptions = {},
    deps: Partial<LockDeps> = {},
  ): Promise<FileLock | undefined> {
    try {
      return await FileLock.acquire(path, options, deps)
    } catch (error) {
      if (error instanceof LockExistsError) return undefined
      throw error
    }
  }

  /** The id of the process that holds this lock: our own. */
  getPid(): number {
    return this.#deps.pid
  }

  /**
   * Look at the lock file now: true while the lock is held, the path still names the locked file, and its text starts
   * with our pid (of a shared lock nothing is written, so there the text does not count). Costs microseconds.
   */
  isLockFileValid(): boolean {
    return !this.#released && this.#findLoss() === undefined
  }

  /**
   * Aborted, with a LockLostError as reason, when the lock is found lost: by `monitor` or by `release`. Not aborted
   * by a normal release. Nobody looks by itself: call `monitor`.
   */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#lost !== undefined) this.#controller.abort(new LockLostError({ path: this.path, reason: this.#lost }))
    return this.#controller.signal
  }

  /**
   * Look at the lock file every `intervalMs` until the lock is released. The first look that finds it lost aborts
   * `signal`, calls `onLost` and is the last. The timer does not keep the process alive.
   */
  monitor({ intervalMs = 60_000, onLost }: MonitorOptions = {}): void {
    if (!(intervalMs > 0 && intervalMs <= MAX_TIMER_MS)) {
      throw new RangeError(`intervalMs must be between 1 and ${MAX_TIMER_MS}, not ${intervalMs}`)
    }
    this.#assertHeld()
    const timer = setInterval(() => {
      const reason = this.#findLoss()
      if (reason === undefined) return
      clearInterval(timer)
      this.#timers.delete(timer)
      this.#markLost(reason)
      onLost?.(reason)
    }, intervalMs)
    timer.unref()
    this.#timers.add(timer)
  }

  /**
   * Write a short text into the lock file, for people who ask who holds it, and for the next holder if this process
   * dies (`previous.note`). Not durable over a power loss. Throws on a shared lock, which writes nothing.
   */
  note(text: string): void {
    this.#assertHeld()
    if (this.shared) throw new Error(`Failed to write a note to "${this.path}": the lock is shared`)
    this.#note = text
    this.#file.write(this.#record())
  }

  /**
   * Free the lock; the file stays, and says that it was released. Calling it again does nothing.
   *
   * Throws LockLostError, after freeing everything, if the lock file was removed or replaced while it was held and
   * nobody was told so yet: somebody else may have worked at the same time, and that must not pass in silence.
   */
  async release(): Promise<void> {
    if (this.#released) return
    this.#released = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers.clear()
    const known = this.#lost
    const detached = known ?? this.#file.detached()
    try {
      if (!this.shared) this.#file.write({ ...this.#record(), released: this.#isoNow() })
    } finally {
      this.#file.close()
    }
    if (known === undefined && detached !== undefined) {
      this.#markLost(detached)
      throw new LockLostError({ path: this.path, reason: detached })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  #findLoss(): LockLostReason | undefined {
    if (this.#lost !== undefined) return this.#lost
    const detached = this.#file.detached()
    if (detached !== undefined || this.shared) return detached
    return this.#file.namesPid(this.#deps.pid) ? undefined : 'overwritten'
  }

  #markLost(reason: LockLostReason): void {
    this.#lost ??= reason
    this.#controller?.abort(new LockLostError({ path: this.path, reason }))
  }

  #record(): LockRecord {
    const { pid, host, command } = this.#deps
    return { pid, token: this.token, host, since: this.#since, command, note: this.#note }
  }

  #isoNow(): string {
    return new Date(this.#deps.nowMicros() / 1000).toISOString()
  }

  #assertHeld(): void {
    if (this.#released) throw new Error(`Lock "${this.path}" is released already`)
  }
}

/** The longest time a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1

function previousHolder({ pid, host, since, note }: LockHolder): PreviousHolder {
  return { pid, host, since, note }
}
