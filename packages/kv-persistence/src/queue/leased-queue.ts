import { setTimeout as sleep } from 'node:timers/promises'
import { LeaseLostError } from '../errors.js'
import { errorText, type ManagerOptions, SECOND_MS, storeOf } from '../managers/manager-store.js'
import { padNumber } from '../managers/sortable-number.js'
import { retryOnConflict } from '../managers/update-entry.js'
import { type KvKey, splitKey, writeKey } from '../store/key.js'
import type { KvCheck, KvEntry, KvOperation, KvStore } from '../store/kv-store.js'
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

export interface NewItem<T = unknown> {
  readonly payload: T
  readonly options?: EnqueueOptions | undefined
}

/** What happens together. Keys are those of the store that the queue is in. */
export interface QueueTransaction<T = unknown> {
  /** The item of this lease is done and gone. */
  readonly complete?: Lease<T> | undefined
  readonly operations?: readonly KvOperation[]
  readonly checks?: readonly KvCheck[]
  readonly enqueue?: readonly NewItem<T>[]
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
  readonly #store: () => Promise<KvStore>
  /** The level that the queue has for itself. */
  readonly #path: readonly string[]
  readonly #maxAttempts: number
  #leasing: Promise<unknown> = Promise.resolve()

  constructor(name: KvKey, options: LeasedQueueOptions) {
    this.#store = storeOf(options)
    this.name = typeof name === 'string' ? name : name.join(':')
    this.#path = [...(typeof name === 'string' ? splitKey(name) : name), 'queue']
    this.#maxAttempts = options.maxAttempts ?? 5
    positive('maxAttempts', this.#maxAttempts)
  }

  /** The item is in the queue when this resolves. Those of one priority come out in the order of the calls. */
  async enqueue(payload: T, options: EnqueueOptions = {}): Promise<Enqueued> {
    const [enqueued] = (await this.transact({ enqueue: [{ payload, options }] })) ?? []
    if (enqueued === undefined) throw new TypeError('A transaction without checks was refused')
    return enqueued
  }

  /**
   * All of it in one step that nobody sees half of: an item done, changes of other keys, new items. Resolves to the new items, in their order, or to
   * `undefined` when one of `checks` does not hold: nothing has happened then. Throws LeaseLostError if the lease is no longer ours.
   *
   * @example await queue.transact({ complete: lease, operations: [{ type: 'put', key: 'done:7', value: true }], enqueue: [{ payload: nextPage }] })
   */
  async transact({
    complete,
    operations = [],
    checks = [],
    enqueue = [],
  }: QueueTransaction<T>): Promise<readonly Enqueued[] | undefined> {
    const store = await this.#store()
    const level = this.#levelOf(store)
    const own = new Set(checks.map(({ key }) => writeKey(key)))
    const records = await this.#makeRecords(level, enqueue)
    return retryOnConflict<readonly Enqueued[] | undefined>(async () => {
      const steps = [...(await this.#stepsToComplete(level, complete)), ...(await stepsToInsert(level, records))]
      const result = await store.batch([...steps.flatMap((step) => this.#lift(step.operations)), ...operations], {
        checks: [...checks, ...steps.flatMap((step) => this.#lift(step.checks))],
      })
      if (result.done) return { done: steps.flatMap(({ enqueued }) => enqueued ?? []) }
      return own.has(writeKey(result.failed.key)) ? { done: undefined } : undefined
    })
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
    await this.transact({ complete: lease })
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

  async #level(): Promise<KvStore> {
    return this.#levelOf(await this.#store())
  }

  #levelOf(store: KvStore): KvStore {
    return store.child(this.#path)
  }

  /** From keys of the queue to keys of the store. */
  #lift<K extends { readonly key: KvKey }>(things: readonly K[]): K[] {
    return things.map((thing) => ({ ...thing, key: [...this.#path, ...(thing.key as readonly string[])] }))
  }

  async #makeRecords(level: KvStore, items: readonly NewItem<T>[]): Promise<readonly NewRecord[]> {
    if (items.length === 0) return []
    const checked = items.map(({ payload, options = {} }) => ({ payload, ...checkOptions(options, this.#maxAttempts) }))
    const [last, nowMs] = await Promise.all([level.increment('sequence', items.length, { ttlMs: null }), level.now()])
    return checked.map(({ payload, delayMs, ...options }, index) => {
      const sequence = last - items.length + 1 + index
      const record: QueueRecord = {
        ...options,
        id: String(sequence),
        sequence,
        state: delayMs > 0 ? 'delayed' : 'ready',
        dueMs: delayMs > 0 ? nowMs + delayMs : 0,
        attempts: 0,
        token: 0,
        enqueuedAtMs: nowMs,
        lastError: null,
      }
      return { record, payload }
    })
  }

  async #stepsToComplete(level: KvStore, lease: Lease<T> | undefined): Promise<Step[]> {
    if (lease === undefined) return []
    const { value: record, version } = await this.#find(level, lease)
    const operations: KvOperation[] = [
      { type: 'delete', key: itemKey(record.id) },
      { type: 'delete', key: payloadKey(record.id) },
      { type: 'delete', key: placeOf(record) },
      ...releaseDedupe(record),
    ]
    return [{ operations, checks: [{ key: itemKey(record.id), version }] }]
  }

  /** @throws LeaseLostError */
  async #find(level: KvStore, lease: Lease<T>): Promise<KvEntry<QueueRecord>> {
    const item = await level.getEntry<QueueRecord>(itemKey(lease.id))
    if (item?.value.state !== 'leased' || item.value.token !== lease.token) {
      throw new LeaseLostError(this.name, lease.id, lease.token)
    }
    return item
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
      const item = await this.#find(level, lease)
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

interface NewRecord {
  readonly record: QueueRecord
  readonly payload: unknown
}

/** A part of a transaction, with keys of the queue. */
interface Step {
  readonly operations: readonly KvOperation[]
  readonly checks: readonly KvCheck[]
  readonly enqueued?: Enqueued
}

/** Items whose dedupe key is taken are left out: by one in the queue, or by one before them. */
async function stepsToInsert(level: KvStore, records: readonly NewRecord[]): Promise<Step[]> {
  const claimed = new Map<string, string>()
  const steps: Step[] = []
  for (const { record, payload } of records) {
    const { id, dedupeKey: dedupe } = record
    const known = dedupe === null ? undefined : (claimed.get(dedupe) ?? (await level.get<string>(dedupeKey(dedupe))))
    if (known !== undefined) {
      steps.push({ operations: [], checks: [], enqueued: { id: known, duplicate: true } })
      continue
    }
    if (dedupe !== null) claimed.set(dedupe, id)
    steps.push({
      operations: [
        { type: 'put', key: itemKey(id), value: record, ttlMs: null },
        { type: 'put', key: payloadKey(id), value: payload, ttlMs: null },
        { type: 'put', key: placeOf(record), value: id, ttlMs: null },
        ...(dedupe === null ? [] : [{ type: 'put', key: dedupeKey(dedupe), value: id, ttlMs: null } as const]),
      ],
      checks: dedupe === null ? [] : [{ key: dedupeKey(dedupe), version: null }],
      enqueued: { id, duplicate: false },
    })
  }
  return steps
}

type CheckedOptions = Pick<QueueRecord, 'priority' | 'maxAttempts' | 'dedupeKey' | 'dedupeKeepMs'> & {
  readonly delayMs: number
}

function checkOptions(options: EnqueueOptions, defaultAttempts: number): CheckedOptions {
  const { priority = 0, delaySeconds = 0, dedupeSeconds = 0, maxAttempts = defaultAttempts } = options
  if (!Number.isInteger(priority) || Math.abs(priority) >= MAX_PRIORITY) {
    throw new RangeError(
      `priority must be a whole number between -${MAX_PRIORITY} and ${MAX_PRIORITY}, not ${priority}`,
    )
  }
  notNegative('delaySeconds', delaySeconds)
  notNegative('dedupeSeconds', dedupeSeconds)
  positive('maxAttempts', maxAttempts)
  return {
    priority,
    maxAttempts,
    delayMs: Math.ceil(delaySeconds * SECOND_MS),
    dedupeKey: options.dedupeKey ?? null,
    dedupeKeepMs: dedupeSeconds > 0 ? Math.ceil(dedupeSeconds * SECOND_MS) : null,
  }
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
