import { type KvKey, splitKey } from '../store/key.js'
import type { KvCheck, KvOperation, KvStore } from '../store/kv-store.js'
import { CircuitBreaker, type CircuitOptions } from './circuit-breaker.js'
import { DAY_MS, errorText, isoNow, type ManagerOptions, requireName, SECOND_MS, storeOf } from './manager-store.js'
import { checkPolicy, delaySeconds, type ErrorKind, isPermanent, type RetryPolicy } from './retry-policy.js'
import { padNumber } from './sortable-number.js'
import { retryOnConflict } from './update-entry.js'

export interface RetryManagerOptions extends ManagerOptions {
  /** Tells the items of one manager from those of others. @default 'default' */
  readonly namespace?: KvKey
  /** Attempts after the first; 0: none. @default 3 */
  readonly maxRetries?: number
  /** The delay grows by this factor with each retry. @default 2 */
  readonly backoffFactor?: number
  /** @default 1 */
  readonly baseDelaySeconds?: number
  /** No delay is longer. @default 60 */
  readonly maxDelaySeconds?: number
  /** `full`: any time up to the delay, so that what failed together is not tried together. @default 'full' */
  readonly jitter?: 'full' | 'none'
  /** Errors that are final at once: classes, names or codes, or a function. @default none */
  readonly notRetried?: readonly ErrorKind[] | ((error: unknown) => boolean)
  /** How many past errors a record keeps, newest last. @default 10 */
  readonly maxErrors?: number
  /** Of a record, from the last retry. @default 24 hours */
  readonly ttlMs?: number | null
  /** Of `circuit(name)`. */
  readonly circuit?: CircuitOptions
}

export interface RetryRecord {
  readonly itemId: string
  readonly retryCount: number
  readonly lastError: string
  /** ISO-8601 UTC. */
  readonly lastRetry: string
  /** Epoch milliseconds of the store's clock; `null` when there is no next attempt. */
  readonly nextAttemptAt: number | null
  /** The last error is one that is not retried. */
  readonly permanent: boolean
  readonly errors: readonly { readonly error: string; readonly timestamp: string }[]
}

/** Part of a batch, with keys of the store. */
export interface PlannedRetry {
  readonly operations: readonly KvOperation[]
  readonly checks: readonly KvCheck[]
}

/** Who is to be tried again, and when; shared by all processes on one store, and kept over restarts. */
export class RetryManager {
  readonly #store: () => Promise<KvStore>
  readonly #namespace: KvKey
  readonly #policy: RetryPolicy
  readonly #maxErrors: number
  readonly #ttlMs: number | null
  readonly #circuit: CircuitOptions
  readonly #random: () => number

  constructor(options: RetryManagerOptions, random: () => number) {
    this.#store = storeOf(options)
    this.#namespace = options.namespace ?? 'default'
    this.#policy = checkPolicy({
      maxRetries: options.maxRetries ?? 3,
      backoffFactor: options.backoffFactor ?? 2,
      baseDelaySeconds: options.baseDelaySeconds ?? 1,
      maxDelaySeconds: options.maxDelaySeconds ?? 60,
      jitter: options.jitter ?? 'full',
      notRetried: options.notRetried ?? [],
    })
    this.#maxErrors = options.maxErrors ?? 10
    this.#ttlMs = options.ttlMs === undefined ? DAY_MS : options.ttlMs
    this.#circuit = options.circuit ?? {}
    this.#random = random
  }

  /** Whether the item may be tried again at all: it failed less than `maxRetries` times, and not for good. When is `getRetryDelay`. */
  async shouldRetry(itemId: string): Promise<boolean> {
    const record = await this.getRecord(itemId)
    return this.#mayRetry(record?.retryCount ?? 0, record?.permanent ?? false)
  }

  /** Counts a failure and decides when the next attempt is; resolves to the count. Of many at a time each counts. */
  async recordRetry(itemId: string, error: unknown): Promise<number> {
    const store = await this.#store()
    return retryOnConflict(async () => {
      const { record, operations, checks } = await this.planRetry(itemId, error)
      return (await store.batch(operations, { checks })).done ? { done: record.retryCount } : undefined
    })
  }

  /**
   * What `recordRetry` would write, for a batch of the caller's on the same store; nothing is written. Plan again when one of its checks does not hold.
   * The next attempt is not before `minDelaySeconds` from now.
   */
  async planRetry(
    itemId: string,
    error: unknown,
    { minDelaySeconds = 0 }: { readonly minDelaySeconds?: number } = {},
  ): Promise<PlannedRetry & { readonly record: RetryRecord }> {
    requireName('The id of an item', itemId)
    const level = await this.#level()
    const entry = await level.getEntry<RetryRecord>(['retry', itemId])
    const record = this.#next(itemId, entry?.value, error, await level.now(), minDelaySeconds)
    return {
      record,
      operations: this.#lift([
        { type: 'put', key: ['retry', itemId], value: record, ttlMs: this.#ttlMs },
        ...this.#moveDue(itemId, entry?.value.nextAttemptAt ?? null, record.nextAttemptAt),
      ]),
      checks: this.#lift([{ key: ['retry', itemId], version: entry?.version ?? null }]),
    }
  }

  /** What `clearRetryData` would do, in the same way; no operations when nothing is known of the item. */
  async planClear(itemId: string): Promise<PlannedRetry> {
    const entry = await (await this.#level()).getEntry<RetryRecord>(['retry', itemId])
    const checks = this.#lift([{ key: ['retry', itemId], version: entry?.version ?? null }])
    if (entry === undefined) return { operations: [], checks }
    return {
      operations: this.#lift([
        { type: 'delete', key: ['retry', itemId] },
        ...this.#moveDue(itemId, entry.value.nextAttemptAt, null),
      ]),
      checks,
    }
  }

  /** Seconds until the next attempt is due; 0 if it is, or if nothing is known of the item. */
  async getRetryDelay(itemId: string): Promise<number> {
    const level = await this.#level()
    const record = await level.get<RetryRecord>(['retry', itemId])
    if (record === undefined || record.nextAttemptAt === null) return 0
    return Math.max(0, record.nextAttemptAt - (await level.now())) / SECOND_MS
  }

  async getRecord(itemId: string): Promise<RetryRecord | undefined> {
    return (await this.#level()).get<RetryRecord>(['retry', itemId])
  }

  /** The items whose next attempt is due, longest overdue first. Asking gives them to nobody: who competes for them takes a leased queue. */
  async dueItems({ limit = 100 }: { readonly limit?: number } = {}): Promise<RetryRecord[]> {
    const level = await this.#level()
    const due: string[] = []
    const end = ['retry_due', padNumber((await level.now()) + 1)]
    for await (const { value } of level.range<string>(['retry_due', ''], end, limit)) due.push(value)
    const entries = await level.getMany<RetryRecord>(due.map((itemId) => ['retry', itemId]))
    return entries.flatMap((entry) => (entry === undefined ? [] : [entry.value]))
  }

  /** Forgets the item, after a success. Whether there was something to forget. */
  async clearRetryData(itemId: string): Promise<boolean> {
    const store = await this.#store()
    return retryOnConflict(async () => {
      const { operations, checks } = await this.planClear(itemId)
      if (operations.length === 0) return { done: false }
      return (await store.batch(operations, { checks })).done ? { done: true } : undefined
    })
  }

  /** The breaker of this name, shared by all processes: stops calls to something that keeps failing. */
  circuit(name: string): CircuitBreaker {
    requireName('The name of a circuit', name)
    return new CircuitBreaker(() => this.#level(), name, this.#circuit)
  }

  #next(
    itemId: string,
    old: RetryRecord | undefined,
    error: unknown,
    nowMs: number,
    minDelaySeconds: number,
  ): RetryRecord {
    const retryCount = (old?.retryCount ?? 0) + 1
    const permanent = isPermanent(this.#policy, error)
    const [text, timestamp] = [errorText(error), isoNow()]
    const delay = Math.max(minDelaySeconds, delaySeconds(this.#policy, retryCount, this.#random))
    const delayMs = Math.ceil(delay * SECOND_MS)
    const errors = [...(old?.errors ?? []), { error: text, timestamp }]
    return {
      itemId,
      retryCount,
      lastError: text,
      lastRetry: timestamp,
      nextAttemptAt: this.#mayRetry(retryCount, permanent) ? nowMs + delayMs : null,
      permanent,
      errors: this.#maxErrors > 0 ? errors.slice(-this.#maxErrors) : [],
    }
  }

  #mayRetry(retryCount: number, permanent: boolean): boolean {
    return !permanent && retryCount < this.#policy.maxRetries
  }

  /** The index of what is due moves together with the record. */
  #moveDue(itemId: string, from: number | null, to: number | null): KvOperation[] {
    if (from === to) return []
    const key = (at: number): readonly string[] => ['retry_due', padNumber(at), itemId]
    return [
      ...(from === null ? [] : [{ type: 'delete', key: key(from) } as const]),
      ...(to === null ? [] : [{ type: 'put', key: key(to), value: itemId, ttlMs: this.#ttlMs } as const]),
    ]
  }

  /** From keys of the namespace to keys of the store. */
  #lift<K extends { readonly key: KvKey }>(things: readonly K[]): K[] {
    const path = typeof this.#namespace === 'string' ? splitKey(this.#namespace) : this.#namespace
    return things.map((thing) => ({ ...thing, key: [...path, ...(thing.key as readonly string[])] }))
  }

  async #level(): Promise<KvStore> {
    return (await this.#store()).child(this.#namespace)
  }
}

/**
 * Below `namespace`: `retry:{item}`, `retry_due:{time}:{item}`, `circuit:{name}`.
 *
 * @example
 * const retries = createRetryManager({ namespace: 'my_provider', maxRetries: 3 })
 * await retries.recordRetry(url, error)
 * for (const { itemId } of await retries.dueItems()) await fetchAgain(itemId)
 */
export function createRetryManager(
  options: RetryManagerOptions = {},
  deps: { readonly random?: () => number } = {},
): RetryManager {
  return new RetryManager(options, deps.random ?? Math.random)
}
