import { createLeasedQueue, type KvStore, splitKey } from '@holdfast/kv-persistence'
import type { LocatorLeft } from './run-result.js'

/** Counts what a locator has waiting; looks at all of it, and changes nothing. */
export async function lookAtQueue(store: KvStore, prefix: string): Promise<LocatorLeft> {
  const queue = createLeasedQueue(splitKey(prefix), { store })
  const [{ ready, delayed, leased, dead }, nextDueMs] = await Promise.all([queue.counts(), queue.nextDueMs()])
  return {
    locator: prefix,
    ready,
    retries: delayed,
    leased,
    givenUp: dead,
    nextAttemptAt: ready > 0 || nextDueMs === undefined ? null : new Date(nextDueMs).toISOString(),
  }
}
