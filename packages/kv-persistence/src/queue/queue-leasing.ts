import { setTimeout as sleep } from 'node:timers/promises'
import { KvDecodeError } from '../errors.js'
import { SECOND_MS } from '../managers/manager-store.js'
import { padNumber } from '../managers/sortable-number.js'
import { splitKey } from '../store/key.js'
import type { KvEntry, KvStore } from '../store/kv-store.js'
import { giveUpLost } from './lost-record.js'
import { itemKey, moveOperations, payloadKey, type QueueRecord } from './queue-record.js'
import { returned } from './queue-transaction.js'
import type { Lease } from './queue-types.js'

const PROMOTED_AT_ONCE = 200

/** Takes up to `count` ready items, one compare-and-set each; those that others were faster with are left to them. */
export async function leaseReady<T>(
  level: KvStore,
  count: number,
  seconds: number,
  holder: string | null,
  maxAttempts: number,
): Promise<Lease<T>[]> {
  const leases: Lease<T>[] = []
  await promote(level, maxAttempts)
  for (let lost = 0; leases.length < count; ) {
    const nowMs = await level.now()
    const places: KvEntry<string>[] = []
    for await (const place of level.range<string>(['ready', ''], ['ready', '~'], count - leases.length))
      places.push(place)
    if (places.length === 0) break
    const ids = places.map(({ value }) => value)
    const [items, payloads] = await Promise.all([
      level.getMany<QueueRecord>(ids.map(itemKey)),
      readPayloads<T>(level, ids),
    ])
    const taken = await Promise.all(
      places.map((place, index) => {
        const [item, payload] = [items[index], payloads[index]]
        // What cannot be worked on must not stay first in line.
        if (item === undefined) return giveUpLost(level, place, maxAttempts)
        if (item.value.state !== 'ready') return undefined
        if (payload === undefined) return giveUp(level, item)
        return take(level, item, payload.value, { dueMs: nowMs + Math.ceil(seconds * SECOND_MS), holder })
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

/** One that cannot be read counts as absent, and does not hide the others. */
export async function readPayloads<T>(level: KvStore, ids: readonly string[]): Promise<(KvEntry<T> | undefined)[]> {
  try {
    return await level.getMany<T>(ids.map(payloadKey))
  } catch (error) {
    if (!(error instanceof KvDecodeError)) throw error
    if (ids.length === 1) return [undefined]
    return (await Promise.all(ids.map((id) => readPayloads<T>(level, [id])))).flat()
  }
}

async function giveUp(level: KvStore, { value: record, version }: KvEntry<QueueRecord>): Promise<undefined> {
  const lastError = 'What was put into the queue is gone or cannot be read'
  await move(level, record, version, { ...record, state: 'dead', dueMs: 0, lastError })
  return undefined
}

/** When the first item may be leased, on the store's clock; `undefined` when there is none, the dead left out. Looks at three entries. */
export async function firstDueMs(level: KvStore): Promise<number | undefined> {
  const [ready, delayed, leased] = await Promise.all(
    (['ready', 'delayed', 'leased'] as const).map((state) => firstNumber(level, state)),
  )
  if (ready !== undefined) return level.now()
  const due = [delayed, leased].filter((ms) => ms !== undefined)
  return due.length === 0 ? undefined : Math.min(...due)
}

/** What the first place in line of a state begins with: for delayed and leased items the moment they are due. */
export async function firstNumber(level: KvStore, state: 'ready' | 'delayed' | 'leased'): Promise<number | undefined> {
  for await (const { key } of level.range([state, ''], [state, '~'], 1)) return Number(splitKey(key)[1])
  return undefined
}

export function move(
  level: KvStore,
  from: QueueRecord,
  version: number | null,
  to: QueueRecord,
): Promise<{ readonly done: boolean }> {
  return level.batch(moveOperations(from, to), { checks: [{ key: itemKey(from.id), version }] })
}

async function take<T>(
  level: KvStore,
  item: KvEntry<QueueRecord>,
  payload: T,
  { dueMs, holder }: Pick<QueueRecord, 'dueMs' | 'holder'>,
): Promise<Lease<T> | undefined> {
  const { value: record, version } = item
  // The version of what is replaced: grows from lease to lease, since each lease writes the record.
  const attempts = record.attempts + 1
  const leased: QueueRecord = { ...record, state: 'leased', dueMs, attempts, token: version, holder }
  const result = await move(level, record, version, leased)
  if (!result.done) return undefined
  const { id, token, priority, enqueuedAtMs, lastError } = leased
  return { id, payload, token, attempt: attempts, priority, enqueuedAtMs, expiresAtMs: dueMs, lastError }
}

/** As if the leases of those who are gone had run out. How many. */
export async function endLeases(level: KvStore, isGone: (holder: string) => Promise<boolean>): Promise<number> {
  let count = 0
  for await (const { value: id } of level.scan<string>('leased')) {
    const item = await level.getEntry<QueueRecord>(itemKey(id))
    if (item?.value.state !== 'leased' || item.value.holder === null || !(await isGone(item.value.holder))) continue
    const ended = returned({ ...item.value, lastError: 'Whoever had the lease is gone' }, 0)
    if ((await move(level, item.value, item.version, ended)).done) count += 1
  }
  return count
}

/** Delayed items whose time has come get ready, and so do those whose lease has run out. */
async function promote(level: KvStore, maxAttempts: number): Promise<void> {
  const nowMs = await level.now()
  for (const state of ['leased', 'delayed'] as const) {
    const places: KvEntry<string>[] = []
    const due = level.range<string>([state, ''], [state, padNumber(nowMs + 1)], PROMOTED_AT_ONCE)
    for await (const place of due) places.push(place)
    if (places.length === 0) continue
    const items = await level.getMany<QueueRecord>(places.map(({ value }) => itemKey(value)))
    await Promise.all(
      places.map((place, index) => {
        const item = items[index]
        if (item === undefined) return giveUpLost(level, place, maxAttempts)
        if (item.value.state !== state || item.value.dueMs > nowMs) return undefined
        const { value: record, version } = item
        if (state === 'delayed') return move(level, record, version, { ...record, state: 'ready', dueMs: 0 })
        return move(level, record, version, returned({ ...record, lastError: 'The lease ran out' }, 0))
      }),
    )
  }
}
