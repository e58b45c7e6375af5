import { setTimeout as sleep } from 'node:timers/promises'
import { LeaseLostError } from '../errors.js'
import { errorText, type ManagerOptions, SECOND_MS, storeOf } from '../managers/manager-store.js'
import { padNumber } from '../managers/sortable-number.js'
import { retryOnConflict } from '../managers/update-entry.js'
import type { KvKey } from '../store/key.js'
import type { KvEntry, KvOperation, KvStore } from '../store/kv-store.js'
import {
  dedupeKey,
  itemKey,
  MAX_PRIORITY,
  moveOperations,
  payloadKey,
  placeOf,
  type QueueRecord,
  type QueueState,
} from './queue-record.js'

export interface LeasedQueueOptions extends ManagerOptions {
  /** Leases of one item that may end without an ack before it is dead. @default 5 */
  readonly maxAttempts?: number
}

export interface EnqueueOptions {
  /** Whole number; higher ones come first. @default 0 */
  readonly priority?: number
  /** Not given out before. @default 0 */
  readonly delaySeconds?: number
  /** While an item with this key is in the queue, dead ones included, another is not taken in. */
  readonly dedupeKey?: string
  /** Go on refusing the key for this long after the ack. @default 0 */
  readonly dedupeSeconds?: number
  /** @default that of the queue */
  readonly maxAttempts?: number
}

export interface Enqueued {
  readonly id: string
  /** An item with the same `dedupeKey` was there already; `id` is its id. */
  readonly duplicate: boolean
}

export interface LeaseOptions {
  /** Wait so long for a first item. @default 0 */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
}

export interface Lease<T = unknown> {
  readonly id: string
  readonly payload: T
  /** Greater than that of every earlier lease of this item: give it to whatever the work writes to, to refuse those who come late. */
  readonly token: number
  /** 1 for the first. */
  readonly attempt: number
  readonly priority: number
  readonly enqueuedAtMs: number
  /** When the lease runs out, in milliseconds of the store's clock. */
  readonly expiresAtMs: number
  /** Why the attempt before failed. */
  readonly lastError: string | null
}

export interface DeadLetter<T = unknown> {
  readonly id: string
  readonly payload: T
  readonly attempts: number
  readonly lastError: string | null
  readonly enqueuedAtMs: number
}

const PROMOTED_AT_ONCE = 200
const WAIT_POLL_MS = 100

/**
 * A queue whose items are lent, not given away: one that is not acknowledged in time comes back. No item is lent twice at a time; an item is lost only
 * by an ack. Every step is one atomic batch on the condition that the item's record is unchanged, so that a kill at any moment leaves a whole queue.
 */
export class LeasedQueue<T = unknown> {
  readonly name: string
  readonly #level: () => Promise<KvStore>
  readonly #maxAttempts: number
  #leasing: Promise<unknown> = Promise.resolve()

  constructor(name: KvKey, options: LeasedQueueOptions) {
    const store = storeOf(options)
    this.name = typeof name === 'string' ? name : name.join(':')
    this.#level = async () => (await store()).child(name).child('queue')
    this.#maxAttempts = options.maxAttempts ?? 5
    positive('maxAttempts', this.#maxAttempts)
  }

  /** The item is in the queue when this resolves. Those of one priority come out in the order of the calls. */
  async enqueue(payload: T, options: EnqueueOptions = {}): Promise<Enqueued> {
    const { priority = 0, delaySeconds = 0, dedupeSeconds = 0, maxAttempts = this.#maxAttempts } = options
    if (!Number.isInteger(priority) || Math.abs(priority) >= MAX_PRIORITY) {
      throw new RangeError(
        `priority must be a whole number between -${MAX_PRIORITY} and ${MAX_PRIORITY}, not ${priority}`,
      )
    }
    notNegative('delaySeconds', delaySeconds)
    notNegative('dedupeSeconds', dedupeSeconds)
    positive('maxAttempts', maxAttempts)
    const level = await this.#level()
    const [sequence, nowMs] = await Promise.all([level.increment('sequence', 1, { ttlMs: null }), level.now()])
    const record: QueueRecord = {
      id: String(sequence),
      sequence,
      priority,
      state: delaySeconds > 0 ? 'delayed' : 'ready',
      dueMs: delaySeconds > 0 ? nowMs + Math.ceil(delaySeconds * SECOND_MS) : 0,
      attempts: 0,
      maxAttempts,
      token: 0,
      enqueuedAtMs: nowMs,
      dedupeKey: options.dedupeKey ?? null,
      dedupeKeepMs: dedupeSeconds > 0 ? Math.ceil(dedupeSeconds * SECOND_MS) : null,
      lastError: null,
    }
    return this.#insert(level, record, payload)
  }

  /** Up to `count` items for so many seconds, in order; none if there are none. */
  async lease(count: number, seconds: number, options: LeaseOptions = {}): Promise<Lease<T>[]> {
    positive('count', count)
    if (!(seconds > 0 && Number.isFinite(seconds)))
      throw new RangeError(`A lease takes more than 0 seconds, not ${seconds}`)
    const { waitSeconds = 0, signal } = options
    notNegative('waitSeconds', waitSeconds)
    const deadline = performance.now() + waitSeconds * SECOND_MS
    for (;;) {
      signal?.throwIfAborted()
      const leases = await this.#leaseInTurn(count, seconds)
      const leftMs = deadline - performance.now()
      if (leases.length > 0 || leftMs <= 0) return leases
      await sleep(Math.min(leftMs, WAIT_POLL_MS), undefined, { signal })
    }
  }

  /** The item is done and gone. Throws LeaseLostError if the lease is no longer ours. */
  async ack(lease: Lease<T>): Promise<void> {
    await this.#settle(lease, (level, record, version) =>
      level.batch(
        [
          { type: 'delete', key: itemKey(record.id) },
          { type: 'delete', key: payloadKey(record.id) },
          { type: 'delete', key: placeOf(record) },
          ...releaseDedupe(record),
        ],
        { checks: [{ key: itemKey(record.id), version }] },
      ),
    )
  }

  /** The work failed: the item comes back, at its old place in line, after `delaySeconds`; after its last attempt it is dead. */
  async nack(
    lease: Lease<T>,
    options: { readonly delaySeconds?: number; readonly error?: unknown } = {},
  ): Promise<void> {
    const { delaySeconds = 0, error } = options
    notNegative('delaySeconds', delaySeconds)
    const lastError = error === undefined ? null : errorText(error)
    await this.#settle(lease, async (level, record, version) => {
      const dueMs = delaySeconds > 0 ? (await level.now()) + Math.ceil(delaySeconds * SECOND_MS) : 0
      return move(level, record, version, returned({ ...record, lastError }, dueMs))
    })
  }

  /** The lease runs out so many seconds from now. The same lease with its new end; its token stays. */
  async extend(lease: Lease<T>, seconds: number): Promise<Lease<T>> {
    if (!(seconds > 0 && Number.isFinite(seconds)))
      throw new RangeError(`A lease takes more than 0 seconds, not ${seconds}`)
    let dueMs = 0
    await this.#settle(lease, async (level, record, version) => {
      dueMs = (await level.now()) + Math.ceil(seconds * SECOND_MS)
      return move(level, record, version, { ...record, dueMs })
    })
    return { ...lease, expiresAtMs: dueMs }
  }

  /** What was given up, oldest first. */
  async *deadLetters(): AsyncIterableIterator<DeadLetter<T>> {
    const level = await this.#level()
    for await (const { value: id } of level.scan<string>('dead')) {
      const [item, payload] = await level.getMany<unknown>([itemKey(id), payloadKey(id)])
      if (item === undefined || payload === undefined) continue
      const { attempts, lastError, enqueuedAtMs } = item.value as QueueRecord
      yield { id, payload: payload.value as T, attempts, lastError, enqueuedAtMs }
    }
  }

  /** Gives a dead item all its attempts again. Whether it was there. */
  async retryDead(id: string): Promise<boolean> {
    return this.#changeDead(id, (level, record, version) =>
      move(level, record, version, { ...record, state: 'ready', dueMs: 0, attempts: 0 }),
    )
  }

  /** Removes a dead item. Whether it was there. */
  async removeDead(id: string): Promise<boolean> {
    return this.#changeDead(id, (level, record, version) =>
      level.batch(
        [
          { type: 'delete', key: itemKey(id) },
          { type: 'delete', key: payloadKey(id) },
          { type: 'delete', key: placeOf(record) },
          ...(record.dedupeKey === null ? [] : [{ type: 'delete', key: dedupeKey(record.dedupeKey) } as const]),
        ],
        { checks: [{ key: itemKey(id), version }] },
      ),
    )
  }

  /** Counts by looking at all of them. A lease that has run out counts as leased until somebody asks for items. */
  async counts(): Promise<Record<QueueState, number>> {
    const level = await this.#level()
    const count = async (state: QueueState): Promise<number> => {
      let sum = 0
      for await (const _ of level.scan(state)) sum += 1
      return sum
    }
    const [ready, delayed, leased, dead] = [
      await count('ready'),
      await count('delayed'),
      await count('leased'),
      await count('dead'),
    ]
    return { ready, delayed, leased, dead }
  }

  async #insert(level: KvStore, record: QueueRecord, payload: T): Promise<Enqueued> {
    const operations: KvOperation[] = [
      { type: 'put', key: itemKey(record.id), value: record, ttlMs: null },
      { type: 'put', key: payloadKey(record.id), value: payload, ttlMs: null },
      { type: 'put', key: placeOf(record), value: record.id, ttlMs: null },
    ]
    if (record.dedupeKey === null) {
      await level.batch(operations)
      return { id: record.id, duplicate: false }
    }
    const key = dedupeKey(record.dedupeKey)
    const claim: KvOperation = { type: 'put', key, value: record.id, ttlMs: null }
    return retryOnConflict<Enqueued>(async () => {
      const known = await level.get<string>(key)
      if (known !== undefined) return { done: { id: known, duplicate: true } }
      const result = await level.batch([...operations, claim], { checks: [{ key, version: null }] })
      return result.done ? { done: { id: record.id, duplicate: false } } : undefined
    })
  }

  /** Calls of one process wait for each other, since they would only get into each other's way. */
  #leaseInTurn(count: number, seconds: number): Promise<Lease<T>[]> {
    const turn = this.#leasing.then(() => this.#leaseNow(count, seconds))
    this.#leasing = turn.catch(() => undefined)
    return turn
  }

  async #leaseNow(count: number, seconds: number): Promise<Lease<T>[]> {
    const level = await this.#level()
    const leases: Lease<T>[] = []
    await this.#promote(level)
    for (let lost = 0; leases.length < count; ) {
      const nowMs = await level.now()
      const ids: string[] = []
      for await (const { value } of level.range<string>(['ready', ''], ['ready', '~'], count - leases.length))
        ids.push(value)
      if (ids.length === 0) break
      const [items, payloads] = await Promise.all([
        level.getMany<QueueRecord>(ids.map(itemKey)),
        level.getMany<T>(ids.map(payloadKey)),
      ])
      const taken = await Promise.all(
        items.map((item, index) => {
          const payload = payloads[index]
          if (item?.value.state !== 'ready' || payload === undefined) return undefined
          return this.#take(level, item, payload.value, nowMs + Math.ceil(seconds * SECOND_MS))
        }),
      )
      const got = taken.filter((lease) => lease !== undefined)
      leases.push(...got)
      // Others were faster with all of these: get out of step with them.
      lost = got.length > 0 ? 0 : lost + 1
      if (lost > 0) await sleep(Math.random() * Math.min(lost * 2, 20))
    }
    return leases
  }

  async #take(level: KvStore, item: KvEntry<QueueRecord>, payload: T, dueMs: number): Promise<Lease<T> | undefined> {
    const { value: record, version } = item
    // The version of what is replaced: grows from lease to lease, since each lease writes the record.
    const leased: QueueRecord = { ...record, state: 'leased', dueMs, attempts: record.attempts + 1, token: version }
    const result = await move(level, record, version, leased)
    if (!result.done) return undefined
    const { id, token, attempts: attempt, priority, enqueuedAtMs, lastError } = leased
    return { id, payload, token, attempt, priority, enqueuedAtMs, expiresAtMs: dueMs, lastError }
  }

  /** Delayed items whose time has come get ready, and so do those whose lease has run out. */
  async #promote(level: KvStore): Promise<void> {
    const nowMs = await level.now()
    for (const state of ['leased', 'delayed'] as const) {
      const ids: string[] = []
      const due = level.range<string>([state, ''], [state, padNumber(nowMs + 1)], PROMOTED_AT_ONCE)
      for await (const { value } of due) ids.push(value)
      const items = await level.getMany<QueueRecord>(ids.map(itemKey))
      await Promise.all(
        items.map((item) => {
          if (item?.value.state !== state || item.value.dueMs > nowMs) return undefined
          const { value: record, version } = item
          if (state === 'delayed') return move(level, record, version, { ...record, state: 'ready', dueMs: 0 })
          return move(level, record, version, returned({ ...record, lastError: 'The lease ran out' }, 0))
        }),
      )
    }
  }

  async #settle(
    lease: Lease<T>,
    change: (level: KvStore, record: QueueRecord, version: number) => Promise<{ readonly done: boolean }>,
  ): Promise<void> {
    const level = await this.#level()
    await retryOnConflict(async () => {
      const item = await level.getEntry<QueueRecord>(itemKey(lease.id))
      if (item?.value.state !== 'leased' || item.value.token !== lease.token) {
        throw new LeaseLostError(this.name, lease.id, lease.token)
      }
      return (await change(level, item.value, item.version)).done ? { done: undefined } : undefined
    })
  }

  async #changeDead(
    id: string,
    change: (level: KvStore, record: QueueRecord, version: number) => Promise<{ readonly done: boolean }>,
  ): Promise<boolean> {
    const level = await this.#level()
    return retryOnConflict(async () => {
      const item = await level.getEntry<QueueRecord>(itemKey(id))
      if (item?.value.state !== 'dead') return { done: false }
      return (await change(level, item.value, item.version)).done ? { done: true } : undefined
    })
  }
}

/**
 * Below `name` and `queue`: `item:{id}`, `payload:{id}`, `dedupe:{key}`, `sequence`, and one level per state that holds the items in line.
 *
 * @example
 * const queue = createLeasedQueue<string>('downloads', { store })
 * await queue.enqueue('https://a.example/file')
 * for (const lease of await queue.lease(10, 60)) { await download(lease.payload); await queue.ack(lease) }
 */
export function createLeasedQueue<T = unknown>(name: KvKey, options: LeasedQueueOptions = {}): LeasedQueue<T> {
  return new LeasedQueue<T>(name, options)
}

/** Back in line, or dead after the last attempt. */
function returned(record: QueueRecord, dueMs: number): QueueRecord {
  const isOver = record.attempts >= record.maxAttempts
  const state = isOver ? 'dead' : dueMs > 0 ? 'delayed' : 'ready'
  return { ...record, state, dueMs: isOver ? 0 : dueMs, token: 0 }
}

function move(
  level: KvStore,
  from: QueueRecord,
  version: number,
  to: QueueRecord,
): Promise<{ readonly done: boolean }> {
  return level.batch(moveOperations(from, to), { checks: [{ key: itemKey(from.id), version }] })
}

function releaseDedupe(record: QueueRecord): KvOperation[] {
  if (record.dedupeKey === null) return []
  const key = dedupeKey(record.dedupeKey)
  if (record.dedupeKeepMs === null) return [{ type: 'delete', key }]
  return [{ type: 'put', key, value: record.id, ttlMs: record.dedupeKeepMs }]
}

function positive(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1) throw new RangeError(`${name} must be a whole number from 1, not ${value}`)
}

function notNegative(name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) throw new RangeError(`${name} must be 0 or more, not ${value}`)
}
