import type { KvStore } from '@holdfast/kv-persistence'
import type { FetcherConfig } from '../config/load-config.js'
import { lookAtQueue } from '../run/look-at-queue.js'
import type { LocatorLeft } from '../run/run-result.js'
import { type Heartbeat, runningNow, trackerOf } from '../run/statistics.js'

export interface FetcherStatus {
  readonly name: string
  readonly running: readonly Heartbeat[]
  readonly locators: readonly LocatorLeft[]
  readonly totals: { readonly bundles: number; readonly items: number; readonly failures: number }
}

/** How a fetcher is, seen from outside; `undefined` stands for a state that nobody has made yet. */
export async function lookAt(config: FetcherConfig, store: KvStore | undefined): Promise<FetcherStatus> {
  const { name, locators } = config
  if (store === undefined) {
    const none = { ready: 0, retries: 0, leased: 0, givenUp: 0, nextAttemptAt: null, nextRetryAt: null }
    return {
      name,
      running: [],
      locators: locators.map(({ prefix }) => ({ locator: prefix, ...none })),
      totals: { bundles: 0, items: 0, failures: 0 },
    }
  }
  const tracker = trackerOf(store, name)
  const [running, left, bundles, items, failures] = await Promise.all([
    runningNow(store, name),
    Promise.all(locators.map(({ prefix }) => lookAtQueue(store, prefix))),
    tracker.getCounter('bundles'),
    tracker.getCounter('items'),
    tracker.getCounter('failures'),
  ])
  return { name, running, locators: left, totals: { bundles, items, failures } }
}
