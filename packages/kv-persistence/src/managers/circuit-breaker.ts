import type { KvStore } from '../store/kv-store.js'
import { DAY_MS, SECOND_MS } from './manager-store.js'
import { updateEntry } from './update-entry.js'

export interface CircuitOptions {
  /** Failures in a row that open the circuit. @default 5 */
  readonly failureThreshold?: number
  /** How long it stays open before one call may try. @default 30 */
  readonly openSeconds?: number
  /** How long that one may take before another may try. @default 30 */
  readonly probeSeconds?: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

interface CircuitRecord {
  readonly state: CircuitState
  readonly failures: number
  /** Epoch milliseconds of the store's clock at which the next call may try. */
  readonly nextProbeAt: number
}

const LONGEST_MS = 366 * DAY_MS

/**
 * A circuit breaker whose state all processes share. Closed lets every call through; after too many failures in a row it opens and lets none through;
 * after a while exactly one call, of whatever process, may try, and its success closes the circuit.
 */
export class CircuitBreaker {
  readonly #level: () => Promise<KvStore>
  readonly #key: readonly string[]
  readonly #failureThreshold: number
  readonly #openMs: number
  readonly #probeMs: number
  readonly #ttlMs: number

  constructor(level: () => Promise<KvStore>, name: string, options: CircuitOptions) {
    this.#level = level
    this.#key = ['circuit', name]
    this.#failureThreshold = options.failureThreshold ?? 5
    this.#openMs = (options.openSeconds ?? 30) * SECOND_MS
    this.#probeMs = (options.probeSeconds ?? 30) * SECOND_MS
    if (!(this.#failureThreshold >= 1))
      throw new RangeError(`failureThreshold must be at least 1, not ${this.#failureThreshold}`)
    for (const [option, ms] of Object.entries({ openSeconds: this.#openMs, probeSeconds: this.#probeMs })) {
      if (!(ms > 0 && ms <= LONGEST_MS)) {
        throw new RangeError(`${option} must be greater than 0 and at most a year, not ${ms / SECOND_MS}`)
      }
    }
    // An open circuit that is forgotten before its time would let everybody through.
    this.#ttlMs = Math.ceil(this.#openMs + this.#probeMs) + DAY_MS
  }

  /** Whether the call may be made. Whoever gets true from a circuit that was open has to report how it went. */
  async allow(): Promise<boolean> {
    const level = await this.#level()
    const known = await level.get<CircuitRecord>(this.#key)
    if (known === undefined || known.state === 'closed') return true
    const nowMs = await level.now()
    let allowed = false
    await updateEntry<CircuitRecord>(
      level,
      this.#key,
      (record) => {
        allowed = record === undefined || record.state === 'closed' || record.nextProbeAt <= nowMs
        if (record === undefined || record.state === 'closed' || !allowed) return undefined
        return { ...record, state: 'half-open', nextProbeAt: nowMs + this.#probeMs }
      },
      { ttlMs: this.#ttlMs },
    )
    return allowed
  }

  /** The call went well: the circuit is closed and its failures are forgotten. */
  async succeeded(): Promise<void> {
    await (await this.#level()).delete(this.#key)
  }

  /** The call failed. The state afterwards. */
  async failed(): Promise<CircuitState> {
    const level = await this.#level()
    const nowMs = await level.now()
    const updated = await updateEntry<CircuitRecord>(
      level,
      this.#key,
      (old) => {
        const failures = (old?.failures ?? 0) + 1
        const opens = old?.state === 'half-open' || failures >= this.#failureThreshold
        if (old?.state === 'open') return { ...old, failures }
        return { state: opens ? 'open' : 'closed', failures, nextProbeAt: opens ? nowMs + this.#openMs : 0 }
      },
      { ttlMs: this.#ttlMs },
    )
    return updated?.value.state ?? 'closed'
  }

  async state(): Promise<CircuitState> {
    return (await (await this.#level()).get<CircuitRecord>(this.#key))?.state ?? 'closed'
  }
}
