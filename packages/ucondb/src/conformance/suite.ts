import type { RunArchive } from '../run-archive.js'
import { concurrencyChecks } from './concurrency-checks.js'
import { lifecycleChecks } from './lifecycle-checks.js'
import { listingChecks } from './listing-checks.js'
import { putGetChecks } from './put-get-checks.js'

/** One empty store that lives for one check. */
export interface TestStore extends AsyncDisposable {
  /** A handle on the store. All handles see the same content; each is closed by the check that opened it. */
  open(): Promise<RunArchive>
}

/** How the suite gets at an implementation. */
export interface ArchiveHarness {
  /** A new store with nothing in it, whose folder exists or is made by the first put. */
  createStore(): Promise<TestStore>
  /** How many keys the listing check stores. @default 200 */
  readonly manyKeys?: number
}

export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void>
}

/** A check before it is given a store. */
export interface StoreCheck {
  readonly name: string
  run(store: TestStore, harness: ArchiveHarness): Promise<void>
}

/** The checks in the order in which a new implementation best makes them pass. Each uses a store of its own, so they may run at the same time. */
export function archiveConformanceChecks(harness: ArchiveHarness): ConformanceCheck[] {
  return [...putGetChecks, ...listingChecks, ...concurrencyChecks, ...lifecycleChecks].map((check) => ({
    name: check.name,
    run: async () => {
      await using store = await harness.createStore()
      await check.run(store, harness)
    },
  }))
}
