import { LeaseLostError } from '../errors.js'
import { errorText, SECOND_MS } from '../managers/manager-store.js'
import { retryOnConflict } from '../managers/update-entry.js'
import type { KvCheck, KvEntry, KvOperation, KvStore } from '../store/kv-store.js'
import { checkItems, itemsToInsert, stepsToInsert } from './queue-insert.js'
import type { QueueNumbers } from './queue-numbers.js'
import { dedupeKey, itemKey, moveOperations, payloadKey, placeOf, type QueueRecord } from './queue-record.js'
import type { Enqueued, GiveBack, Lease, QueueTransaction } from './queue-types.js'

/** A queue as its parts see it. */
export interface QueuePlace {
  readonly name: string
  readonly store: KvStore
  /** The level of the store that the queue has for itself. */
  readonly path: readonly string[]
  readonly level: KvStore
  readonly maxAttempts: number
  readonly numbers: QueueNumbers
}

/** A part of a transaction, with keys of the queue. */
export interface Step {
  readonly operations: readonly KvOperation[]
  readonly checks: readonly KvCheck[]
  readonly enqueued?: Enqueued
}

/** Builds one batch out of all parts, and builds it again whenever the queue has changed meanwhile. */
export async function runTransaction<T>(
  place: QueuePlace,
  { complete, giveBack, operations = [], checks = [], enqueue = [] }: QueueTransaction<T>,
): Promise<readonly Enqueued[] | undefined> {
  const { level, store, path } = place
  const items = checkItems(enqueue, place.maxAttempts)
  return retryOnConflict<readonly Enqueued[] | undefined>(async () => {
    const steps = [
      ...(complete === undefined ? [] : [await stepToComplete(place, complete)]),
      ...(giveBack === undefined ? [] : [await stepToGiveBack(place, giveBack)]),
      ...(await stepsToInsert(level, await itemsToInsert(place, items))),
    ]
    const result = await store.batch([...steps.flatMap((step) => lift(path, step.operations)), ...operations], {
      checks: [...checks, ...steps.flatMap((step) => lift(path, step.checks))],
    })
    if (result.done) return { done: steps.flatMap(({ enqueued }) => enqueued ?? []) }
    if (checks.includes(result.failed)) return { done: undefined }
    const lease = complete ?? giveBack?.lease
    if ('beforeMs' in result.failed && lease !== undefined) throw leaseLost(place, lease)
    return undefined
  })
}

export function leaseLost(place: QueuePlace, { id, token }: Lease): LeaseLostError {
  return new LeaseLostError(place.name, id, token)
}

/** The record is unchanged, and its lease has not run out at the moment of the change itself, whenever it was sent. */
export function stillLeased({ value: record, version }: KvEntry<QueueRecord>): KvCheck[] {
  return [{ key: itemKey(record.id), version }, { beforeMs: record.dueMs }]
}

/** @throws LeaseLostError */
export async function findLeased(place: QueuePlace, lease: Lease): Promise<KvEntry<QueueRecord>> {
  const item = await place.level.getEntry<QueueRecord>(itemKey(lease.id))
  if (item?.value.state !== 'leased' || item.value.token !== lease.token) {
    throw leaseLost(place, lease)
  }
  return item
}

async function stepToComplete(place: QueuePlace, lease: Lease): Promise<Step> {
  const item = await findLeased(place, lease)
  const { value: record } = item
  const operations: KvOperation[] = [
    { type: 'delete', key: itemKey(record.id) },
    { type: 'delete', key: payloadKey(record.id) },
    { type: 'delete', key: placeOf(record) },
    ...releaseDedupe(record),
  ]
  return { operations, checks: stillLeased(item) }
}

async function stepToGiveBack(place: QueuePlace, options: GiveBack): Promise<Step> {
  const { lease, delaySeconds = 0, error, final = false, counted = true } = options
  const item = await findLeased(place, lease)
  const { value: record } = item
  const dueMs = delaySeconds > 0 ? (await place.level.now()) + Math.ceil(delaySeconds * SECOND_MS) : 0
  const next = {
    ...record,
    attempts: record.attempts - (counted ? 0 : 1),
    lastError: error === undefined ? null : errorText(error),
  }
  const back = final ? dead(next) : returned(next, dueMs)
  return { operations: moveOperations(record, back), checks: stillLeased(item) }
}

/** Back in line, or dead after the last attempt. */
export function returned(record: QueueRecord, dueMs: number): QueueRecord {
  if (record.attempts >= record.maxAttempts) return dead(record)
  return { ...record, state: dueMs > 0 ? 'delayed' : 'ready', dueMs, token: 0, holder: null }
}

function dead(record: QueueRecord): QueueRecord {
  return { ...record, state: 'dead', dueMs: 0, token: 0, holder: null }
}

function releaseDedupe(record: QueueRecord): KvOperation[] {
  if (record.dedupeKey === null) return []
  const key = dedupeKey(record.dedupeKey)
  if (record.dedupeKeepMs === null) return [{ type: 'delete', key }]
  return [{ type: 'put', key, value: record.id, ttlMs: record.dedupeKeepMs }]
}

/** From keys of the queue to keys of the store. */
function lift<K extends KvCheck | KvOperation>(path: readonly string[], things: readonly K[]): K[] {
  return things.map((thing) =>
    'key' in thing ? { ...thing, key: [...path, ...(thing.key as readonly string[])] } : thing,
  )
}
