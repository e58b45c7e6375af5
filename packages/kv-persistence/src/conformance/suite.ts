import type { CommonStoreOptions } from '../config/options.js'
import type { KvStore } from '../store/kv-store.js'
import { atomicChecks } from './atomic-checks.js'
import { expiryChecks } from './expiry-checks.js'
import { keyChecks } from './key-checks.js'
import { lifecycleChecks } from './lifecycle-checks.js'
import { queueChecks } from './queue-checks.js'
import { queueTransactionChecks } from './queue-transaction-checks.js'
import { scanChecks } from './scan-checks.js'
import { setChecks } from './set-checks.js'
import { valueChecks } from './value-checks.js'
import { watchChecks } from './watch-checks.js'

/** One empty store that lives for one check. */
export interface KvTestStore extends AsyncDisposable {
  /** A handle on the store; all handles see the same content. Each is closed by the check that opened it. */
  open(options?: CommonStoreOptions): Promise<KvStore>
  /** A ttl that a check may wait for, and that does not run out before the check says so. */
  readonly shortTtlMs: number
  /** Lets this much time pass on the store's clock. */
  elapse(ms: number): Promise<void>
}

/** How the suite gets at an implementation. */
export interface KvHarness {
  createStore(): Promise<KvTestStore>
  /** Whether handles share their content; a store in memory has only one. @default true */
  readonly shared?: boolean
}

export interface ConformanceCheck {
  readonly name: string
  run(): Promise<void>
}

/** A check before it is given a store. */
export interface StoreCheck {
  readonly name: string
  /** Needs several handles on one content. */
  readonly shared?: boolean
  run(store: KvTestStore): Promise<void>
}

/** The checks in the order in which a new backend best makes them pass. Each uses a store of its own, so they may run at the same time. */
export function kvConformanceChecks(harness: KvHarness): ConformanceCheck[] {
  return [
    ...valueChecks,
    ...keyChecks,
    ...atomicChecks,
    ...scanChecks,
    ...expiryChecks,
    ...setChecks,
    ...watchChecks,
    ...queueChecks,
    ...queueTransactionChecks,
    ...lifecycleChecks,
  ]
    .filter(({ shared }) => shared !== true || harness.shared !== false)
    .map((check) => ({
      name: check.name,
      run: async () => {
        await using store = await harness.createStore()
        await check.run(store)
      },
    }))
}
