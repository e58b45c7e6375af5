import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND_MS, storeOf } from '../managers/manager-store.js'
import { retryOnConflict } from '../managers/update-entry.js'
import { type KvKey, splitKey } from '../store/key.js'
import type { KvStore } from '../store/kv-store.js'
import { moreThanZero, notNegative, positive } from './check-numbers.js'
import { recordOfLost } from './lost-record.js'
import { endLeases, firstDueMs, firstNumber, leaseReady, move, readPayloads } from './queue-leasing.js'
import { QueueNumbers } from './queue-numbers.js'
import {
  dedupeKey,
  itemKey,
  moveOperations,
  payloadKey,
  placeOf,
  type QueueRecord,
  type QueueState,
} from './queue-record.js'
import { findLeased, leaseLost, type QueuePlace, runTransaction, stillLeased } from './queue-transaction.js'
import type {
  DeadLetter,
  Enqueued,
  EnqueueOptions,
  GiveBackOptions,
  Lease,
  LeasedQueueOptions,
  LeaseOptions,
  QueueTransaction,
} from './queue-types.js'

const WAIT_POLL_MS = 100

/**
 * A queue whose items are lent, not given away: one that is not acknowledged in time comes back. No item is lent twice at a time; an item is lost only
 * by an ack, and an ack counts only while its lease runs. Every step is one atomic batch on the condition that the item's record is unchanged, so that a kill at any moment leaves a whole queue.
 */
export class LeasedQueue<T = unknown> {
  readonly name: string
  readonly #store: () => Promise<KvStore>
  /** The level that the queue has for itself. */
  readonly #path: readonly string[]
  readonly #maxAttempts: number
  readonly #numbers = new QueueNumbers()
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
   * All of it in one step that nobody sees half of: an item done or given back, changes of other keys, new items. Resolves to the new items, in their
   * order, or to `undefined` when one of `checks` does not hold: nothing has happened then. Throws LeaseLostError if a lease is no longer ours.
   *
   * @example await queue.transact({ complete: lease, operations: [{ type: 'put', key: 'done:7', value: true }], enqueue: [{ payload: nextPage }] })
   */
  async transact(transaction: QueueTransaction<T>): Promise<readonly Enqueued[] | undefined> {
    notNegative('delaySeconds', transaction.giveBack?.delaySeconds ?? 0)
    return runTransaction(await this.#place(), transaction)
  }

  /** Up to `count` items for so many seconds, in order; none if there are none. */
  async lease(count: number, seconds: number, options: LeaseOptions = {}): Promise<Lease<T>[]> {
    positive('count', count)
    moreThanZero(seconds)
    const { waitSeconds = 0, signal, holder = null } = options
    notNegative('waitSeconds', waitSeconds)
    const deadline = performance.now() + waitSeconds * SECOND_MS
    for (;;) {
      signal?.throwIfAborted()
      const leases = await this.#leaseInTurn(count, seconds, holder)
      const leftMs = deadline - performance.now()
      if (leases.length > 0 || leftMs <= 0) return leases
      await sleep(Math.min(leftMs, WAIT_POLL_MS), undefined, { signal })
    }
  }

  /** The item is done and gone. Throws LeaseLostError if the lease is no longer ours. */
  async ack(lease: Lease<T>): Promise<void> {
    await this.transact({ complete: lease })
  }

  /** The work failed: the item comes back, at its old place in line, after `delaySeconds`; after its last attempt, or if `final`, it is dead. */
  async nack(lease: Lease<T>, options: GiveBackOptions = {}): Promise<void> {
    await this.transact({ giveBack: { ...options, lease } })
  }

  /** The lease runs out so many seconds from now. The same lease with its new end; its token stays. */
  async extend(lease: Lease<T>, seconds: number): Promise<Lease<T>> {
    moreThanZero(seconds)
    const place = await this.#place()
    const dueMs = await retryOnConflict(async () => {
      const item = await findLeased(place, lease)
      const end = (await place.level.now()) + Math.ceil(seconds * SECOND_MS)
      const operations = moveOperations(item.value, { ...item.value, dueMs: end })
      const result = await place.level.batch(operations, { checks: stillLeased(item) })
      if (result.done) return { done: end }
      if ('beforeMs' in result.failed) throw leaseLost(place, lease)
      return undefined
    })
    return { ...lease, expiresAtMs: dueMs }
  }

  /**
   * Ends at once the leases of holders that are gone for certain, such as those of a process that has let go of its lock: the items are back in line, and whoever
   * comes late is refused, as when a lease runs out. How many.
   */
  async endLeasesOf(isGone: (holder: string) => boolean | Promise<boolean>): Promise<number> {
    return endLeases(await this.#level(), async (holder) => isGone(holder))
  }

  /** When the first item may be leased, in milliseconds of the store's clock: now or in the past for one that is ready. `undefined`: see `isIdle`. */
  async nextDueMs(): Promise<number | undefined> {
    return firstDueMs(await this.#level())
  }

  /** When the first item that waits out a delay may be leased, whatever else is ready. */
  async nextDelayedMs(): Promise<number | undefined> {
    return firstNumber(await this.#level(), 'delayed')
  }

  /** Nothing waits and nothing is leased; dead items may be left. Costs the same however long the queue is. */
  async isIdle(): Promise<boolean> {
    return (await this.nextDueMs()) === undefined
  }

  /** What was given up, oldest first. */
  async *deadLetters(): AsyncIterableIterator<DeadLetter<T>> {
    const level = await this.#level()
    for await (const { value: id } of level.scan<string>('dead')) {
      const item = await level.get<QueueRecord>(itemKey(id))
      const [payload] = await readPayloads<T>(level, [id])
      const { attempts, lastError, enqueuedAtMs } = item ?? (await recordOfLost(level, id, this.#maxAttempts))
      yield { id, payload: payload?.value, attempts, lastError, enqueuedAtMs }
    }
  }

  /** How many were given up; looks at all of them, and at nothing else. */
  async deadCount(): Promise<number> {
    let sum = 0
    for await (const _ of (await this.#level()).scan('dead')) sum += 1
    return sum
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
    return (await this.#place()).level
  }

  async #place(): Promise<QueuePlace> {
    const store = await this.#store()
    return {
      name: this.name,
      store,
      path: this.#path,
      level: store.child(this.#path),
      maxAttempts: this.#maxAttempts,
      numbers: this.#numbers,
    }
  }

  /** Calls of one process wait for each other, since they would only get into each other's way. */
  #leaseInTurn(count: number, seconds: number, holder: string | null): Promise<Lease<T>[]> {
    const turn = this.#leasing.then(async () =>
      leaseReady<T>(await this.#level(), count, seconds, holder, this.#maxAttempts),
    )
    this.#leasing = turn.catch(() => undefined)
    return turn
  }

  /** A dead item of which only its place is left. */
  async #lostDead(level: KvStore, id: string): Promise<QueueRecord | undefined> {
    if (!/^\d{1,16}$/.test(id)) return undefined
    const record = await recordOfLost(level, id, this.#maxAttempts)
    return (await level.exists(placeOf(record))) ? record : undefined
  }

  async #changeDead(
    id: string,
    change: (level: KvStore, record: QueueRecord, version: number | null) => Promise<{ readonly done: boolean }>,
  ): Promise<boolean> {
    const level = await this.#level()
    return retryOnConflict(async () => {
      const item = await level.getEntry<QueueRecord>(itemKey(id))
      const record = item?.value ?? (await this.#lostDead(level, id))
      if (record?.state !== 'dead') return { done: false }
      return (await change(level, record, item?.version ?? null)).done ? { done: true } : undefined
    })
  }
}

/**
 * Below `name` and `queue`: `item:{id}`, `payload:{id}`, `dedupe:{key}`, and one level per state that holds the items in line.
 *
 * @example
 * const queue = createLeasedQueue<string>('downloads', { store })
 * await queue.enqueue('https://a.example/file')
 * for (const lease of await queue.lease(10, 60)) { await download(lease.payload); await queue.ack(lease) }
 */
export function createLeasedQueue<T = unknown>(name: KvKey, options: LeasedQueueOptions = {}): LeasedQueue<T> {
  return new LeasedQueue<T>(name, options)
}
