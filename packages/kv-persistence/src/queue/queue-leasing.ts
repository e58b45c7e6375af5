import { setTimeout as sleep } from 'node:timers/promises'
import { SECOND_MS } from '../managers/manager-store.js'
import { padNumber } from '../managers/sortable-number.js'
import { splitKey } from '../store/key.js'
import type { KvEntry, KvStore } from '../store/kv-store.js'
import { itemKey, moveOperations, payloadKey, type QueueRecord } from './queue-record.js'
import { returned } from './queue-transaction.js'
import type { Lease } from './queue-types.js'

const PROMOTED_AT_ONCE = 200

/** Takes up to `count` ready items, one compare-and-set each; those that others were faster with are left to them. */
export async function leaseReady<T>(level: KvStore, count: number, seconds: number): Promise<Lease<T>[]> {
  const leases: Lease<T>[] = []
  await promote(level)
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
        return take(level, item, payload.value, nowMs + Math.ceil(seconds * SECOND_MS))
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

/** When the first item may be leased, on the store's clock; `undefined` when there is none, the dead left out. Looks at three entries. */
export async function firstDueMs(level: KvStore): Promise<number | undefined> {
  const [ready, delayed, leased] = await Promise.all(
    (['ready', 'delayed', 'leased'] as const).map(async (state) => {
      for await (const { key } of level.range([state, ''], [state, '~'], 1)) return Number(splitKey(key)[1])
      return undefined
    }),
  )
  if (ready !== undefined) return level.now()
  const due = [delayed, leased].filter((ms) => ms !== undefined)
  return due.length === 0 ? undefined : Math.min(...due)
}

export function move(
  level: KvStore,
  from: QueueRecord,
  version: number,
  to: QueueRecord,
): Promise<{ readonly done: boolean }> {
  return level.batch(moveOperations(from, to), { checks: [{ key: itemKey(from.id), version }] })
}

async function take<T>(
  level: KvStore,
  item: KvEntry<QueueRecord>,
  payload: T,
  dueMs: number,
): Promise<Lease<T> | undefined> {
  const { value: record, version } = item
  // The version of what is replaced: grows from lease to lease, since each lease writes the record.
  const leased: QueueRecord = { ...record, state: 'leased', dueMs, attempts: record.attempts + 1, token: version }
  const result = await move(level, record, version, leased)
  if (!result.done) return undefined
  const { id, token, attempts: attempt, priority, enqueuedAtMs, lastError } = leased
  return { id, payload, token, attempt, priority, enqueuedAtMs, expiresAtMs: dueMs, lastError }
}

/** Delayed items whose time has come get ready, and so do those whose lease has run out. */
async function promote(level: KvStore): Promise<void> {
  const nowMs = await level.now()
  for (const state of ['leased', 'delayed'] as const) {
    const ids: string[] = []
    const due = level.range<string>([state, ''], [state, padNumber(nowMs + 1)], PROMOTED_AT_ONCE)
    for await (const { value } of due) ids.push(value)
    if (ids.length === 0) continue
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
