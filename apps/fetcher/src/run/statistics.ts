import { hostname } from 'node:os'
import { createStateTracker, type KvStore, type StateTracker } from '@holdfast/kv-persistence'

/** What one run has done so far. */
export interface RunCounts {
  readonly requests: number
  /** Answers with something in them: pages of an API, files of a server. */
  readonly pages: number
  readonly items: number
  readonly bytes: number
  readonly bundles: number
  readonly empty: number
  readonly unchanged: number
  /** Attempts that failed, also those that went well later. */
  readonly failures: number
  /** Requests that were given up. */
  readonly givenUp: number
  /** Leases that ran out under our hands; somebody else has those requests. */
  readonly leasesLost: number
}

export type CountName = keyof RunCounts

/** What a run says of itself while it goes on; gone when it is not heard of. */
export interface Heartbeat extends RunCounts {
  readonly id: string
  readonly pid: number
  readonly host: string
  readonly startedAt: string
  readonly updatedAt: string
}

const FLUSH_MS = 1000
const HEARTBEAT_TTL_MS = 20_000

export function trackerOf(store: KvStore, name: string): StateTracker {
  return createStateTracker(['fetcher', name], { store, counterTtlMs: null, timingTtlMs: null })
}

/**
 * Counts for the run, and adds to the tracker that all runs of a fetcher share; about once a second, so a process that is killed loses what it counted since.
 * Statistics never make a run fail.
 */
export class RunStatistics implements AsyncDisposable {
  readonly #store: KvStore
  readonly #name: string
  readonly #tracker: StateTracker
  readonly #id: string
  readonly #startedAt: string
  readonly #counts: Record<CountName, number> = {
    requests: 0,
    pages: 0,
    items: 0,
    bytes: 0,
    bundles: 0,
    empty: 0,
    unchanged: 0,
    failures: 0,
    givenUp: 0,
    leasesLost: 0,
  }
  #unsaved: Map<CountName, number> = new Map()
  #times: [string, number][] = []
  #flushing: Promise<unknown> = Promise.resolve()
  readonly #timer: NodeJS.Timeout

  constructor(store: KvStore, name: string) {
    this.#store = store
    this.#name = name
    this.#tracker = trackerOf(store, name)
    this.#id = `${hostname()}-${process.pid}-${Date.now()}`
    this.#startedAt = new Date().toISOString()
    this.#timer = setInterval(() => this.#flushSoon(), FLUSH_MS)
    this.#timer.unref()
    this.#flushSoon()
  }

  get counts(): RunCounts {
    return { ...this.#counts }
  }

  add(name: CountName, amount: number = 1): void {
    if (amount === 0) return
    this.#counts[name] += amount
    this.#unsaved.set(name, (this.#unsaved.get(name) ?? 0) + amount)
  }

  time(operation: string, seconds: number): void {
    this.#times.push([operation, Math.max(0, seconds)])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#flushSoon()
    await this.#flushing
    await this.#store.delete(this.#heartbeatKey).catch(() => undefined)
  }

  get #heartbeatKey(): readonly string[] {
    return ['fetcher', this.#name, 'running', this.#id]
  }

  #flushSoon(): void {
    this.#flushing = this.#flushing.then(() => this.#flush()).catch(() => undefined)
  }

  async #flush(): Promise<void> {
    const [counts, times] = [this.#unsaved, this.#times]
    this.#unsaved = new Map()
    this.#times = []
    const heartbeat: Heartbeat = {
      id: this.#id,
      pid: process.pid,
      host: hostname(),
      startedAt: this.#startedAt,
      updatedAt: new Date().toISOString(),
      ...this.#counts,
    }
    await Promise.allSettled([
      this.#store.put(this.#heartbeatKey, heartbeat, { ttlMs: HEARTBEAT_TTL_MS }),
      ...[...counts].map(([name, amount]) => this.#tracker.incrementCounter(SHARED_NAMES[name], amount)),
      ...times.map(([operation, seconds]) => this.#tracker.recordProcessingTime(operation, seconds)),
    ])
  }
}

/** The runs of a fetcher that are going on now, on any machine that shares the store. */
export async function runningNow(store: KvStore, name: string): Promise<Heartbeat[]> {
  const found: Heartbeat[] = []
  for await (const { value } of store.scan<Heartbeat>(['fetcher', name, 'running'])) found.push(value)
  return found
}

const SHARED_NAMES: Readonly<Record<CountName, string>> = {
  requests: 'requests',
  pages: 'pages',
  items: 'items',
  bytes: 'bytes',
  bundles: 'bundles',
  empty: 'empty',
  unchanged: 'unchanged',
  failures: 'failures',
  givenUp: 'given_up',
  leasesLost: 'leases_lost',
}
