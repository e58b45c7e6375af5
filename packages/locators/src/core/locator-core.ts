import {
  createLeasedQueue,
  createRetryManager,
  getGlobalStore,
  type KvCheck,
  type KvOperation,
  type KvStore,
  type Lease,
  type LeasedQueue,
  type RetryManager,
} from '@holdfast/kv-persistence'
import { errorCodeOf, isRetryable, retryAfterMsOf } from '../errors.js'
import type { Failure, FailureOutcome, LeasedRequest, Progress, WorkRequest } from '../locator.js'
import { LocatorKeys } from './keys.js'
import type { LocatorOptions } from './locator-options.js'
import { WakeUp } from './wake-up.js'

const SECOND_MS = 1000
const DELETED_AT_ONCE = 500

const LOST = {
  error: 'What was to be fetched is not known any more: its record in the store is gone or cannot be read',
  errorCode: 'ERR_REQUEST_LOST',
} as const

/** What was done, kept under the done mark. */
export interface DoneMark<R extends WorkRequest = WorkRequest> {
  readonly request: R
  /** ISO-8601 UTC, of the store's clock. */
  readonly doneAt: string
  /** What the caller said of its result, such as the id of a bundle. */
  readonly result: unknown
}

/** Kept under `errors:`. */
interface ErrorMark {
  readonly itemId: string
  readonly error: string
  readonly errorCode: string | null
  readonly retryCount: number
  readonly permanent: boolean
  readonly timestamp: string
}

export interface NewRequest<R extends WorkRequest> {
  readonly request: R
  /** Higher ones first. @default 0 */
  readonly priority?: number
  readonly delaySeconds?: number
}

/** What a locator adds to a step of the core. Keys are those of the store, see `core.keys`. */
export interface LocatorStep<R extends WorkRequest> {
  readonly operations?: readonly KvOperation[]
  readonly checks?: readonly KvCheck[]
  readonly add?: readonly NewRequest<R>[]
}

/** What all locators do alike, on a LeasedQueue and a RetryManager below one prefix. */
export class LocatorCore<R extends WorkRequest> {
  readonly prefix: string
  readonly keys: LocatorKeys
  readonly #options: LocatorOptions
  readonly #queue: LeasedQueue<R>
  readonly #retries: RetryManager
  readonly #wakeUp = new WakeUp()

  /** `doneLevel` is `processed_urls` or `processed_files`. */
  constructor(options: LocatorOptions, doneLevel: string) {
    const { maxRetries = 5, maxLeases = 100, store } = options
    if (!(maxLeases > maxRetries)) {
      throw new RangeError(`maxLeases must be greater than maxRetries, ${maxRetries}, not ${maxLeases}`)
    }
    this.prefix = options.prefix
    this.#options = options
    this.keys = new LocatorKeys(options.prefix, doneLevel)
    this.#queue = createLeasedQueue<R>(this.keys.path, { store, maxAttempts: maxLeases })
    this.#retries = createRetryManager({
      store,
      namespace: this.keys.path,
      // The manager counts failures, and the last of them is not tried again.
      maxRetries: maxRetries + 1,
      baseDelaySeconds: options.baseDelaySeconds ?? 1,
      backoffFactor: options.backoffFactor ?? 2,
      maxDelaySeconds: options.maxDelaySeconds ?? 300,
      notRetried: (error) => !isRetryable(error),
      ttlMs: null,
    })
  }

  async store(): Promise<KvStore> {
    return this.#options.store ?? getGlobalStore()
  }

  async lease(max: number): Promise<LeasedRequest<R>[]> {
    const { leaseSeconds = 300, holder } = this.#options
    const leases = await this.#queue.lease(max, leaseSeconds, { holder })
    return leases.map(toLeased)
  }

  async endLeasesOf(isGone: (holder: string) => boolean | Promise<boolean>): Promise<number> {
    const count = await this.#queue.endLeasesOf(isGone)
    if (count > 0) this.#wakeUp.wake()
    return count
  }

  /** New requests, with other changes, in one step; how many were new, or `undefined` if a check did not hold. A request whose id waits already is left out. */
  async add({ add = [], operations = [], checks = [] }: LocatorStep<R>): Promise<number | undefined> {
    const enqueued = await this.#queue.transact({ operations, checks, enqueue: add.map(toItem) })
    if (add.length > 0) this.#wakeUp.wake()
    return enqueued?.filter(({ duplicate }) => !duplicate).length
  }

  /** Done mark, step of the locator and follow-ups, all at once. `makeStep` is asked again whenever one of its checks did not hold. */
  async succeeded(
    leased: LeasedRequest<R>,
    result: unknown,
    makeStep: () => LocatorStep<R> | Promise<LocatorStep<R>> = () => ({}),
  ): Promise<void> {
    const { request, lease } = leased
    const nowMs = await (await this.store()).now()
    const mark: DoneMark<R> = { request, doneAt: new Date(nowMs).toISOString(), result: result ?? null }
    for (;;) {
      const [clear, step] = await Promise.all([this.#retries.planClear(request.id), makeStep()])
      const done = await this.#queue.transact({
        complete: lease,
        operations: [
          { type: 'put', key: this.keys.done(request), value: mark, ttlMs: this.#options.doneTtlMs ?? null },
          { type: 'delete', key: this.keys.error(request) },
          ...clear.operations,
          ...(step.operations ?? []),
        ],
        checks: [...clear.checks, ...(step.checks ?? [])],
        enqueue: (step.add ?? []).map(toItem),
      })
      if (done !== undefined) break
    }
    this.#wakeUp.wake()
  }

  /** The request is gone, with its failures, and neither done nor failed: something else has taken its place. */
  async dropped({ request, lease }: LeasedRequest<R>): Promise<void> {
    for (;;) {
      const clear = await this.#retries.planClear(request.id)
      const done = await this.#queue.transact({
        complete: lease,
        operations: [{ type: 'delete', key: this.keys.error(request) }, ...clear.operations],
        checks: clear.checks,
      })
      if (done !== undefined) break
    }
    this.#wakeUp.wake()
  }

  /** The error, its count and the time of the next attempt, all at once. */
  async failed({ request, lease }: LeasedRequest<R>, error: unknown): Promise<FailureOutcome> {
    const store = await this.store()
    const minDelaySeconds = (retryAfterMsOf(error) ?? 0) / SECOND_MS
    for (;;) {
      const plan = await this.#retries.planRetry(request.id, error, { minDelaySeconds })
      const { retryCount, nextAttemptAt, permanent, lastError, lastRetry } = plan.record
      const mark: ErrorMark = {
        itemId: request.id,
        error: lastError,
        errorCode: errorCodeOf(error),
        retryCount,
        permanent,
        timestamp: lastRetry,
      }
      const delaySeconds = nextAttemptAt === null ? 0 : Math.max(0, nextAttemptAt - (await store.now())) / SECOND_MS
      const done = await this.#queue.transact({
        giveBack: { lease, delaySeconds, error: lastError, final: nextAttemptAt === null },
        operations: [{ type: 'put', key: this.keys.error(request), value: mark, ttlMs: null }, ...plan.operations],
        checks: plan.checks,
      })
      if (done === undefined) continue
      this.#wakeUp.wake()
      return { failures: retryCount, nextAttemptAtMs: nextAttemptAt, permanent }
    }
  }

  async extend(leased: LeasedRequest<R>, seconds: number): Promise<LeasedRequest<R>> {
    return toLeased(await this.#queue.extend(leased.lease, seconds))
  }

  async giveBack({ lease }: LeasedRequest<R>): Promise<void> {
    await this.#queue.nack(lease, { counted: false })
    this.#wakeUp.wake()
  }

  /** `moreAtMs`: when the locator itself has more to ask for, besides what waits; absent for nothing more. */
  async progress(moreAtMs?: number): Promise<Progress> {
    const [queuedMs, failures] = await Promise.all([this.#queue.nextDueMs(), this.#queue.deadCount()])
    const due = [queuedMs, moreAtMs].filter((ms) => ms !== undefined)
    return due.length === 0
      ? { finished: true, failures }
      : { finished: false, nextDueAtMs: Math.min(...due), failures }
  }

  /** See `Locator.waitForWork`; `moreAtMs` as for `progress`. */
  async waitForWork(signal?: AbortSignal, moreAtMs?: number): Promise<void> {
    const { pollMs = 1000 } = this.#options
    await this.#wakeUp.wait(async () => {
      const due = [await this.#queue.nextDueMs(), moreAtMs].filter((ms) => ms !== undefined)
      if (due.length === 0) return 0
      return Math.min(pollMs, Math.min(...due) - (await (await this.store()).now()))
    }, signal)
  }

  async isDone(request: WorkRequest): Promise<boolean> {
    return (await this.store()).exists(this.keys.done(request))
  }

  async doneMark(request: R): Promise<DoneMark<R> | undefined> {
    return (await this.store()).get<DoneMark<R>>(this.keys.done(request))
  }

  /** `lostHint`: how to get a request back that is lost. */
  async *failures(lostHint: string): AsyncIterableIterator<Failure<R>> {
    const store = await this.store()
    for await (const letter of this.#queue.deadLetters()) {
      const { payload: request, lastError, attempts, enqueuedAtMs } = letter
      const queuedAt = new Date(enqueuedAtMs).toISOString()
      if (request === undefined) {
        yield { id: letter.id, request, ...LOST, hint: lostHint, failures: attempts, failedAt: queuedAt }
        continue
      }
      const mark = await store.get<ErrorMark>(this.keys.error(request))
      yield {
        id: request.id,
        request,
        error: mark?.error ?? lastError ?? '',
        errorCode: mark?.errorCode ?? null,
        failures: mark?.retryCount ?? attempts,
        failedAt: mark?.timestamp ?? queuedAt,
      }
    }
  }

  /** `forgetsLost`: a request that is lost comes back by itself, once it no longer stands in the way. */
  async retry(idOrName: string | undefined, { forgetsLost }: { readonly forgetsLost: boolean }): Promise<number> {
    let count = 0
    for await (const { id, payload: request } of this.#queue.deadLetters()) {
      if (idOrName !== undefined && ![request?.id ?? id, request?.name].includes(idOrName)) continue
      if (request === undefined) {
        if (forgetsLost && (await this.#queue.removeDead(id))) count += 1
        continue
      }
      await this.#retries.clearRetryData(request.id)
      if (await this.#queue.retryDead(id)) count += 1
    }
    if (count > 0) this.#wakeUp.wake()
    return count
  }

  /** Puts what was done in line again, as `change` makes it. How many. */
  async refresh(idOrName: string, change: (request: R) => R = (request) => request): Promise<number> {
    const store = await this.store()
    const found = new Map<string, R>()
    for (const level of [this.keys.doneOf(idOrName), this.keys.doneOf()]) {
      for await (const { value } of store.scan<DoneMark<R>>(level)) {
        const { request } = value
        if (request.id === idOrName || request.name === idOrName) found.set(request.id, change(request))
      }
      if (found.size > 0) break
    }
    if (found.size === 0) return 0
    return (await this.add({ add: [...found.values()].map((request) => ({ request })) })) ?? 0
  }

  async reset(): Promise<void> {
    const store = await this.store()
    let keys: string[] = []
    for await (const { key } of store.scan(this.keys.path)) {
      keys.push(key)
      if (keys.length < DELETED_AT_ONCE) continue
      await store.batch(keys.map((each) => ({ type: 'delete', key: each })))
      keys = []
    }
    if (keys.length > 0) await store.batch(keys.map((each) => ({ type: 'delete', key: each })))
    this.#wakeUp.wake()
  }
}

function toLeased<R extends WorkRequest>(lease: Lease<R>): LeasedRequest<R> {
  return { request: lease.payload, attempt: lease.attempt, expiresAtMs: lease.expiresAtMs, lease }
}

function toItem<R extends WorkRequest>({
  request,
  priority = 0,
  delaySeconds = 0,
}: NewRequest<R>): {
  readonly payload: R
  readonly options: { readonly priority: number; readonly delaySeconds: number; readonly dedupeKey: string }
} {
  return { payload: request, options: { priority, delaySeconds, dedupeKey: request.id } }
}
