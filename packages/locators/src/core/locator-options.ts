import type { KvStore } from '@holdfast/kv-persistence'

/** What every locator can be told. */
export interface LocatorOptions {
  /** The level of the store below which everything of this locator is; no other locator may have it, or a level below it. */
  readonly prefix: string
  /** @default the global store */
  readonly store?: KvStore | undefined
  /** A request comes back when nothing was heard of it for so long; `extend` keeps it. @default 300 */
  readonly leaseSeconds?: number | undefined
  /** Names this life of this process, for `endLeasesOf`. @default nobody in particular */
  readonly holder?: string | undefined
  /** Attempts after the first that failed. @default 5 */
  readonly maxRetries?: number | undefined
  /** Base × factor ^ failures seconds, at most so many, any time up to that. @default 1 */
  readonly baseDelaySeconds?: number | undefined
  /** @default 2 */
  readonly backoffFactor?: number | undefined
  /** @default 300 */
  readonly maxDelaySeconds?: number | undefined
  /** Leases of one request that may end without a word, as when the process is killed, before it is given up. @default 100 */
  readonly maxLeases?: number | undefined
  /** How long it is remembered that something is done; `null`: for ever. @default null */
  readonly doneTtlMs?: number | null | undefined
  /** How often `waitForWork` looks for what other processes did. @default 1000 */
  readonly pollMs?: number | undefined
}
