import { splitKey } from '../store/key.js'
import type { KvEntry, KvStore } from '../store/kv-store.js'
import { PER_MS } from './queue-numbers.js'
import { dedupeKey, itemKey, placeOf, type QueueRecord } from './queue-record.js'

const LOST = 'What the queue knew of this item is gone'

/**
 * A dead item in place of one that stands in line and whose record is gone, as after an eviction or a repair by hand: its number is its id, and who refuses
 * others by its dedupe key is found by looking at all of these.
 */
export async function recordOfLost(level: KvStore, id: string, maxAttempts: number): Promise<QueueRecord> {
  const sequence = Number(id)
  return {
    id,
    sequence,
    priority: 0,
    state: 'dead',
    dueMs: 0,
    attempts: 0,
    maxAttempts,
    token: 0,
    holder: null,
    enqueuedAtMs: Math.floor(sequence / PER_MS),
    dedupeKey: await dedupeKeyOf(level, id),
    dedupeKeepMs: null,
    lastError: LOST,
  }
}

/** Takes it out of the line, so that it holds nobody up, and shows it as dead. Does nothing when the place is empty by now: then it was no loss. */
export async function giveUpLost(level: KvStore, place: KvEntry<string>, maxAttempts: number): Promise<undefined> {
  const { key, value: id, version } = place
  if ((await level.getEntry(key))?.version !== version) return undefined
  const record = await recordOfLost(level, id, maxAttempts)
  await level.batch(
    [
      { type: 'put', key: itemKey(id), value: record, ttlMs: null },
      { type: 'delete', key },
      { type: 'put', key: placeOf(record), value: id, ttlMs: null },
    ],
    {
      checks: [
        { key, version },
        { key: itemKey(id), version: null },
      ],
    },
  )
  return undefined
}

async function dedupeKeyOf(level: KvStore, id: string): Promise<string | null> {
  for await (const { key, value } of level.scan<string>(dedupeKey('').slice(0, 1))) {
    if (value === id) return splitKey(key)[1] ?? null
  }
  return null
}
