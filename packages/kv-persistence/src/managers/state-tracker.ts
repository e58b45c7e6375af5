import { type Meter, metrics } from '@opentelemetry/api'
import { type KvKey, splitKey } from '../store/key.js'
import type { KvStore } from '../store/kv-store.js'
import { DAY_MS, HOUR_MS, isoNow, type ManagerOptions, requireName, SECOND_MS, storeOf } from './manager-store.js'
import { observeTracker } from './open-telemetry.js'
import { type StateMap, saveSession } from './persistence-manager.js'
import { renderPrometheus } from './prometheus.js'
import { padNumber } from './sortable-number.js'
import { type ProcessingStats, summarize, type TimingRecord } from './timing.js'
import { TimingWriter } from './timing-writer.js'
import { updateEntry } from './update-entry.js'

export interface StateTrackerOptions extends ManagerOptions {
  /** Of a counter, from its last increment. @default 30 days */
  readonly counterTtlMs?: number | null
  /** Of the times of an operation, from the last one. @default 7 days */
  readonly timingTtlMs?: number | null
  /** @default 7 days */
  readonly stateTtlMs?: number | null
  /** @default 1 day */
  readonly sessionTtlMs?: number | null
}

export interface TrackerSnapshot {
  readonly name: string
  readonly counters: Readonly<Record<string, number>>
  readonly timings: Readonly<Record<string, ProcessingStats>>
}

/** Rates count in slots of this length, and are kept for an hour. */
const SLOT_MS: number = 5 * SECOND_MS

/** Statistics that any number of processes add to; nothing is lost among them. */
export class StateTracker {
  readonly name: string
  readonly #level: () => Promise<KvStore>
  readonly #ttl: Required<Omit<StateTrackerOptions, 'store'>>
  readonly #writers: Map<string, TimingWriter> = new Map()

  constructor(name: KvKey, options: StateTrackerOptions) {
    const store = storeOf(options)
    this.name = typeof name === 'string' ? name : name.join(':')
    this.#level = async () => (await store()).child(name)
    this.#ttl = {
      counterTtlMs: options.counterTtlMs === undefined ? 30 * DAY_MS : options.counterTtlMs,
      timingTtlMs: options.timingTtlMs === undefined ? 7 * DAY_MS : options.timingTtlMs,
      stateTtlMs: options.stateTtlMs === undefined ? 7 * DAY_MS : options.stateTtlMs,
      sessionTtlMs: options.sessionTtlMs === undefined ? DAY_MS : options.sessionTtlMs,
    }
  }

  /** Adds to a counter, also fractions; resolves to the sum. Counters only grow. */
  async incrementCounter(counter: string, amount: number = 1): Promise<number> {
    requireName('The name of a counter', counter)
    if (!(amount >= 0)) throw new RangeError(`The amount of a counter must be 0 or more, not ${amount}`)
    return (await this.#level()).increment(['counter', counter], amount, { ttlMs: this.#ttl.counterTtlMs })
  }

  /** 0 for one that was never incremented. */
  async getCounter(counter: string): Promise<number> {
    return (await (await this.#level()).get<number>(['counter', counter])) ?? 0
  }

  /** Resolves when the time is counted in. */
  async recordProcessingTime(operation: string, seconds: number): Promise<void> {
    requireName('The name of an operation', operation)
    if (!(seconds >= 0 && Number.isFinite(seconds))) {
      throw new RangeError(`A processing time must be 0 or more seconds, not ${seconds}`)
    }
    let writer = this.#writers.get(operation)
    if (writer === undefined) {
      writer = new TimingWriter(this.#level, ['timing', operation], this.#ttl.timingTtlMs)
      this.#writers.set(operation, writer)
    }
    await writer.add(seconds)
  }

  /** `undefined` for an operation without times. */
  async getProcessingStats(operation: string): Promise<ProcessingStats | undefined> {
    const record = await (await this.#level()).get<TimingRecord>(['timing', operation])
    return record === undefined ? undefined : summarize(record)
  }

  /** Counts events for `getRate`. */
  async markRate(event: string, amount: number = 1): Promise<void> {
    requireName('The name of an event', event)
    const level = await this.#level()
    const slot = Math.floor((await level.now()) / SLOT_MS)
    await level.increment(['rate', event, padNumber(slot)], amount, { ttlMs: HOUR_MS + SLOT_MS })
  }

  /** Events per second over the last `windowSeconds` (up to an hour), to within one slot of 5 seconds. @default 60 */
  async getRate(event: string, { windowSeconds = 60 }: { readonly windowSeconds?: number } = {}): Promise<number> {
    if (!(windowSeconds >= 5 && windowSeconds <= 3600)) {
      throw new RangeError(`windowSeconds must be from 5 to 3600, not ${windowSeconds}`)
    }
    const level = await this.#level()
    const slots = Math.ceil((windowSeconds * SECOND_MS) / SLOT_MS)
    const newest = Math.floor((await level.now()) / SLOT_MS)
    let sum = 0
    const start = ['rate', event, padNumber(newest - slots + 1)]
    for await (const { value } of level.range<number>(start, ['rate', event, padNumber(newest + 1)])) sum += value
    return sum / ((slots * SLOT_MS) / SECOND_MS)
  }

  /** Merges into the tracker's state, which is not that of a PersistenceManager of the same name. */
  async updateState(changes: StateMap): Promise<Record<string, unknown>> {
    const updated = await updateEntry<Record<string, unknown>>(
      await this.#level(),
      ['tracker_state'],
      (old) => ({ ...old, ...changes, lastUpdated: isoNow() }),
      { ttlMs: this.#ttl.stateTtlMs },
    )
    return updated?.value ?? {}
  }

  async getState(): Promise<Record<string, unknown>> {
    return (await (await this.#level()).get<Record<string, unknown>>(['tracker_state'])) ?? {}
  }

  /** Replaces what is known of a session, which is not that of a PersistenceManager of the same name. */
  async saveSessionInfo(sessionId: string, info: StateMap): Promise<void> {
    requireName('The id of a session', sessionId)
    await saveSession(await this.#level(), ['tracker_session', sessionId], info, this.#ttl.sessionTtlMs)
  }

  async getSessionInfo(sessionId: string): Promise<Record<string, unknown> | undefined> {
    return (await this.#level()).get(['tracker_session', sessionId])
  }

  /** All counters and timings. */
  async snapshot(): Promise<TrackerSnapshot> {
    const level = await this.#level()
    const counters: [string, number][] = []
    for await (const { key, value } of level.scan<number>('counter')) counters.push([lastSegment(key), value])
    const timings: [string, ProcessingStats][] = []
    for await (const { key, value } of level.scan<TimingRecord>('timing')) {
      timings.push([lastSegment(key), summarize(value)])
    }
    return { name: this.name, counters: Object.fromEntries(counters), timings: Object.fromEntries(timings) }
  }

  /** Everything in the text format that Prometheus scrapes. */
  async toPrometheus(): Promise<string> {
    return renderPrometheus(await this.snapshot())
  }

  /** Lets a meter read everything at each of its collections; returns how to stop that. @default the meter of the global provider */
  observe(meter: Meter = metrics.getMeter('@holdfast/kv-persistence')): () => void {
    return observeTracker(meter, () => this.snapshot())
  }
}

/**
 * Below `name`: `counter:{name}`, `timing:{operation}`, `rate:{event}:{slot}`, `tracker_state`, `tracker_session:{id}`.
 *
 * @example
 * const tracker = createStateTracker('my_tracker')
 * await tracker.incrementCounter('api_calls', 5)
 * await tracker.recordProcessingTime('api_request', 1.5)
 */
export function createStateTracker(name: KvKey = 'state_tracker', options: StateTrackerOptions = {}): StateTracker {
  return new StateTracker(name, options)
}

function lastSegment(key: string): string {
  return splitKey(key).at(-1) ?? ''
}
