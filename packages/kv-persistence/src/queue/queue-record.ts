import { padNumber } from '../managers/sortable-number.js'
import type { KvOperation } from '../store/kv-store.js'

export type QueueState = 'ready' | 'delayed' | 'leased' | 'dead'

/** What the queue knows of an item; its payload is stored apart, so that a lease does not rewrite it. */
export interface QueueRecord {
  readonly id: string
  /** Order of enqueuing: milliseconds of the store's clock times 1024, or a little more. */
  readonly sequence: number
  readonly priority: number
  readonly state: QueueState
  /** Of a delayed item when it becomes ready, of a leased one when the lease runs out, in milliseconds of the store's clock; else 0. */
  readonly dueMs: number
  /** Leases so far. */
  readonly attempts: number
  readonly maxAttempts: number
  /** Of the present lease; 0 without one. */
  readonly token: number
  /** Who has the present lease, if that was said. */
  readonly holder: string | null
  readonly enqueuedAtMs: number
  readonly dedupeKey: string | null
  readonly dedupeKeepMs: number | null
  readonly lastError: string | null
}

export const MAX_PRIORITY = 1_000_000_000

export function itemKey(id: string): readonly string[] {
  return ['item', id]
}

export function payloadKey(id: string): readonly string[] {
  return ['payload', id]
}

export function dedupeKey(key: string): readonly string[] {
  return ['dedupe', key]
}

/** Where an item stands in line: each state is a level that sorts by what it is looked for by. */
export function placeOf({ state, priority, sequence, dueMs }: QueueRecord): readonly string[] {
  switch (state) {
    case 'ready':
      return ['ready', padNumber(MAX_PRIORITY - priority), padNumber(sequence)]
    case 'dead':
      return ['dead', padNumber(sequence)]
    default:
      return [state, padNumber(dueMs), padNumber(sequence)]
  }
}

/** Takes an item from one place to another; to be done on the condition that the record is still the old one. */
export function moveOperations(from: QueueRecord, to: QueueRecord): KvOperation[] {
  const [old, fresh] = [placeOf(from), placeOf(to)]
  const stays = old.join() === fresh.join()
  return [
    { type: 'put', key: itemKey(to.id), value: to, ttlMs: null },
    ...(stays ? [] : [{ type: 'delete', key: old } as const]),
    ...(stays ? [] : [{ type: 'put', key: fresh, value: to.id, ttlMs: null } as const]),
  ]
}
