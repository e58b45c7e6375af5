import { createLeasedQueue, type KvStore, splitKey } from '@holdfast/kv-persistence'
import type { LocatorLeft } from './run-result.js'

/** Counts what a locator has waiting; looks at all of it, and changes nothing. */
export async function lookAtQueue(store: KvStore, prefix: string): Promise<LocatorLeft> {
  const queue = createLeasedQueue(splitKey(prefix), { store })
  const [{ ready, delayed, leased, dead }, nextDueMs, nextRetryMs] = await Promise.all([
    queue.counts(),
    queue.nextDueMs(),
    queue.nextDelayedMs(),
  ])
  return {
    locator: prefix,
    ready,
    retries: delayed,
    leased,
    givenUp: dead,
    nextAttemptAt: ready > 0 || nextDueMs === undefined ? null : new Date(nextDueMs).toISOString(),
    nextRetryAt: nextRetryMs === undefined ? null : new Date(nextRetryMs).toISOString(),
  }
}
