import { setTimeout as sleep } from 'node:timers/promises'
import { getGlobalStore, type KvStore, splitKey } from '@holdfast/kv-persistence'
import { RateLimitPausedError } from '../errors.js'

export interface RateLimitOptions {
  /** Below `{prefix}:rate_limit`; all who share it share the limit. */
  readonly prefix: string
  /** @default the global store */
  readonly store?: KvStore | undefined
  /** So many requests … */
  readonly requests: number
  /** … in so many seconds. @default 1 */
  readonly perSeconds?: number | undefined
  /** How many may go at once after a pause. With 1 they are evenly spaced, and no stretch of `perSeconds` sees more than `requests`, rounding aside. @default 1 */
  readonly burst?: number | undefined
  /** A longer silence that a server asked for is not waited for: `acquire` throws. @default for ever */
  readonly maxPauseMs?: number | undefined
}

/** Kept in the store; times of its clock, in milliseconds. */
interface RateState {
  /** When the next request would go if none waited for its turn in a burst. */
  readonly nextMs: number
  /** A server asked for silence until then. */
  readonly pausedUntilMs: number
}

const LONGEST_SLEEP_MS = 1000

/**
 * A rate limit in the store: it holds for all processes together and over restarts. Each caller takes the next free moment by compare-and-set and waits
 * for it; a process that dies with its moment leaves it unused.
 */
export class RateLimit {
  readonly #options: RateLimitOptions
  readonly #key: readonly string[]
  readonly #intervalMs: number
  readonly #burst: number
  #taking: Promise<unknown> = Promise.resolve()

  constructor(options: RateLimitOptions) {
    const { requests, perSeconds = 1, burst = 1, prefix } = options
    for (const [name, value] of Object.entries({ requests, perSeconds })) {
      if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${name} must be greater than 0, not ${value}`)
    }
    if (!Number.isInteger(burst) || burst < 1) throw new RangeError(`burst must be a whole number from 1, not ${burst}`)
    this.#options = options
    this.#key = [...splitKey(prefix), 'rate_limit']
    this.#intervalMs = (perSeconds * 1000) / requests
    this.#burst = burst
  }

  /** Resolves when a request may be sent. @throws RateLimitPausedError, the signal's reason */
  async acquire(signal?: AbortSignal): Promise<void> {
    for (;;) {
      const mineMs = await this.#inTurn(() => this.#take())
      if (await this.#waitUntil(mineMs, signal)) return
    }
  }

  /** Nobody sends anything for so long. */
  async pause(ms: number): Promise<void> {
    const store = await this.#store()
    const untilMs = (await store.now()) + ms
    await this.#change(store, (state) =>
      state.pausedUntilMs >= untilMs ? undefined : { ...state, pausedUntilMs: untilMs },
    )
  }

  async #take(): Promise<number> {
    const store = await this.#store()
    let mineMs = 0
    await this.#change(store, ({ nextMs, pausedUntilMs }, nowMs) => {
      if (pausedUntilMs - nowMs > (this.#options.maxPauseMs ?? Number.POSITIVE_INFINITY)) {
        throw new RateLimitPausedError(pausedUntilMs, nowMs)
      }
      const earliestMs = Math.max(nowMs, pausedUntilMs)
      mineMs = Math.max(earliestMs, nextMs - (this.#burst - 1) * this.#intervalMs)
      return { nextMs: Math.max(earliestMs, nextMs) + this.#intervalMs, pausedUntilMs }
    })
    return mineMs
  }

  /** Whether the moment came; `false` when a pause was ordered meanwhile that goes beyond it. */
  async #waitUntil(mineMs: number, signal: AbortSignal | undefined): Promise<boolean> {
    const store = await this.#store()
    for (;;) {
      signal?.throwIfAborted()
      const leftMs = mineMs - (await store.now())
      if (leftMs <= 0) break
      await sleep(Math.min(Math.ceil(leftMs), LONGEST_SLEEP_MS), undefined, { signal })
    }
    const state = await store.get<RateState>(this.#key)
    return state === undefined || state.pausedUntilMs <= mineMs
  }

  async #change(store: KvStore, change: (state: RateState, nowMs: number) => RateState | undefined): Promise<void> {
    for (let round = 0; ; round += 1) {
      const [entry, nowMs] = await Promise.all([store.getEntry<RateState>(this.#key), store.now()])
      const next = change(entry?.value ?? { nextMs: 0, pausedUntilMs: 0 }, nowMs)
      if (next === undefined) return
      const version = await store.compareAndSet(this.#key, entry?.version ?? null, next, { ttlMs: null })
      if (version !== undefined) return
      await sleep(Math.random() * Math.min(20, round))
    }
  }

  /** Callers of one process take their moments one after the other, in order. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#taking.then(work)
    this.#taking = turn.catch(() => undefined)
    return turn
  }

  async #store(): Promise<KvStore> {
    return this.#options.store ?? getGlobalStore()
  }
}

export function createRateLimit(options: RateLimitOptions): RateLimit {
  return new RateLimit(options)
}
