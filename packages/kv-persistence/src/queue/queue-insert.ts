import { SECOND_MS } from '../managers/manager-store.js'
import type { KvStore } from '../store/kv-store.js'
import { notNegative, positive } from './check-numbers.js'
import { dedupeKey, itemKey, MAX_PRIORITY, payloadKey, placeOf, type QueueRecord } from './queue-record.js'
import type { QueuePlace, Step } from './queue-transaction.js'
import type { EnqueueOptions, NewItem } from './queue-types.js'

export interface NewRecord {
  readonly record: QueueRecord
  readonly payload: unknown
}

/** What is asked for, once its options were checked. */
export type CheckedItem = CheckedOptions & { readonly payload: unknown }

export function checkItems(items: readonly NewItem[], defaultAttempts: number): readonly CheckedItem[] {
  return items.map(({ payload, options = {} }) => ({ payload, ...checkOptions(options, defaultAttempts) }))
}

/** Takes their numbers for them; a number that is not used after all leaves a gap, which harms nothing. */
export async function itemsToInsert(place: QueuePlace, items: readonly CheckedItem[]): Promise<readonly NewRecord[]> {
  if (items.length === 0) return []
  const nowMs = await place.level.now()
  const first = place.numbers.take(items.length, nowMs)
  return items.map(({ payload, delayMs, ...options }, index) => {
    const sequence = first + index
    const record: QueueRecord = {
      ...options,
      id: String(sequence),
      sequence,
      state: delayMs > 0 ? 'delayed' : 'ready',
      dueMs: delayMs > 0 ? nowMs + delayMs : 0,
      attempts: 0,
      token: 0,
      holder: null,
      enqueuedAtMs: nowMs,
      lastError: null,
    }
    return { record, payload }
  })
}

/** Items whose dedupe key is taken are left out: by one in the queue, or by one before them. */
export async function stepsToInsert(level: KvStore, records: readonly NewRecord[]): Promise<Step[]> {
  const wanted = [...new Set(records.flatMap(({ record }) => record.dedupeKey ?? []))]
  const claims = wanted.length === 0 ? [] : await level.getMany<string>(wanted.map(dedupeKey))
  const known = new Map<string, string>()
  for (const [index, claim] of claims.entries()) if (claim !== undefined) known.set(wanted[index] ?? '', claim.value)
  return records.map(({ record, payload }) => {
    const { id, dedupeKey: dedupe } = record
    const other = dedupe === null ? undefined : known.get(dedupe)
    if (other !== undefined) return { operations: [], checks: [], enqueued: { id: other, duplicate: true } }
    if (dedupe !== null) known.set(dedupe, id)
    return {
      operations: [
        { type: 'put', key: itemKey(id), value: record, ttlMs: null },
        { type: 'put', key: payloadKey(id), value: payload, ttlMs: null },
        { type: 'put', key: placeOf(record), value: id, ttlMs: null },
        ...(dedupe === null ? [] : [{ type: 'put', key: dedupeKey(dedupe), value: id, ttlMs: null } as const]),
      ],
      checks: [
        // Another process may have hit upon the same number.
        { key: itemKey(id), version: null },
        ...(dedupe === null ? [] : [{ key: dedupeKey(dedupe), version: null }]),
      ],
      enqueued: { id, duplicate: false },
    }
  })
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
