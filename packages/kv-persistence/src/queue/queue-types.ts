import type { ManagerOptions } from '../managers/manager-store.js'
import type { KvCheck, KvOperation } from '../store/kv-store.js'

export interface LeasedQueueOptions extends ManagerOptions {
  /** Leases of one item that may end without an ack before it is dead. @default 5 */
  readonly maxAttempts?: number
}

export interface EnqueueOptions {
  /** Whole number; higher ones come first. @default 0 */
  readonly priority?: number
  /** Not given out before. @default 0 */
  readonly delaySeconds?: number
  /** While an item with this key is in the queue, dead ones included, another is not taken in. */
  readonly dedupeKey?: string
  /** Go on refusing the key for this long after the ack. @default 0 */
  readonly dedupeSeconds?: number
  /** @default that of the queue */
  readonly maxAttempts?: number
}

export interface NewItem<T = unknown> {
  readonly payload: T
  readonly options?: EnqueueOptions | undefined
}

/** What happens together. Keys are those of the store that the queue is in. */
export interface QueueTransaction<T = unknown> {
  /** The item of this lease is done and gone. */
  readonly complete?: Lease<T> | undefined
  /** The item of this lease goes back into the queue. */
  readonly giveBack?: GiveBack<T> | undefined
  readonly operations?: readonly KvOperation[]
  readonly checks?: readonly KvCheck[]
  readonly enqueue?: readonly NewItem<T>[]
}

export interface GiveBackOptions {
  /** Not given out again before. @default 0 */
  readonly delaySeconds?: number
  /** Why the work failed. */
  readonly error?: unknown
  /** No more attempts: the item is dead. @default false */
  readonly final?: boolean
  /** Whether this lease was one of its attempts. @default true */
  readonly counted?: boolean
}

export interface GiveBack<T = unknown> extends GiveBackOptions {
  readonly lease: Lease<T>
}

export interface Enqueued {
  readonly id: string
  /** An item with the same `dedupeKey` was there already; `id` is its id. */
  readonly duplicate: boolean
}

export interface LeaseOptions {
  /** Names whoever leases, for `endLeasesOf`: another name in each life of each process. */
  readonly holder?: string | undefined
  /** Wait so long for a first item. @default 0 */
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
}

export interface Lease<T = unknown> {
  readonly id: string
  readonly payload: T
  /** Greater than that of every earlier lease of this item: give it to whatever the work writes to, to refuse those who come late. */
  readonly token: number
  /** 1 for the first. */
  readonly attempt: number
  readonly priority: number
  readonly enqueuedAtMs: number
  /** When the lease runs out, in milliseconds of the store's clock. */
  readonly expiresAtMs: number
  /** Why the attempt before failed. */
  readonly lastError: string | null
}

export interface DeadLetter<T = unknown> {
  readonly id: string
  /** `undefined` when it is gone or cannot be read. */
  readonly payload: T | undefined
  readonly attempts: number
  readonly lastError: string | null
  readonly enqueuedAtMs: number
}
