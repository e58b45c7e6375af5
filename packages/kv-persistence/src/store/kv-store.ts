import type { KvBackend } from '../errors.js'
import type { KvKey } from './key.js'

/** Grows with every write to the store; each write of a key gives it a new one. */
export type KvVersion = number

export interface OperationOptions {
  /** Gives up waiting; a change that was already sent may still happen. The promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface WriteOptions extends OperationOptions {
  /**
   * Whole milliseconds, at least 1, after which the key is gone; `null` for never.
   * @default the store's `defaultTtlMs`
   */
  readonly ttlMs?: number | null | undefined
}

export interface KvEntry<T = unknown> {
  /** In its written form, without the prefix of the store that returned it; can be given to any method. */
  readonly key: string
  readonly value: T
  readonly version: KvVersion
}

export type KvOperation =
  | { readonly type: 'put'; readonly key: KvKey; readonly value: unknown; readonly ttlMs?: number | null | undefined }
  | { readonly type: 'delete'; readonly key: KvKey }
  | {
      readonly type: 'increment'
      readonly key: KvKey
      readonly by?: number
      readonly ttlMs?: number | null | undefined
    }
  | { readonly type: 'touch'; readonly key: KvKey; readonly ttlMs: number | null }

/** A condition of a batch: the key has this version, or with `null` is absent; or the store's clock, see `now`, is before this moment. */
export type KvCheck = { readonly key: KvKey; readonly version: KvVersion | null } | { readonly beforeMs: number }

export interface BatchOptions extends OperationOptions {
  /** The batch happens only if all of them hold. */
  readonly checks?: readonly KvCheck[]
}

export type BatchResult =
  /** One result per operation: of `increment` the new number; of `put` true; of `delete` and `touch` whether the key was there. */
  | { readonly done: true; readonly version: KvVersion; readonly results: readonly (number | boolean)[] }
  /** Nothing happened; `failed` is the first of the given checks that did not hold. */
  | { readonly done: false; readonly failed: KvCheck }

/**
 * The same contract on every backend, proved by `@holdfast/kv-persistence/conformance`.
 *
 * When a promise of a change resolves, the change is as durable as the backend: memory until the process ends, SQLite after a power failure, Redis
 * as its `appendfsync` says. Every method throws KvClosedError after `close`, KvUnavailableError within the deadline when the backend cannot be
 * used, and TypeError or RangeError for arguments that cannot be meant.
 */
export interface KvStore extends AsyncDisposable {
  readonly backend: KvBackend
  /** In front of every key of this store, in written form; empty at the root. */
  readonly prefix: string

  /** The value, or `undefined` if the key is absent; a stored `null` is `null`. The caller vouches for `T`. */
  get<T = unknown>(key: KvKey, options?: OperationOptions): Promise<T | undefined>
  /** The value with the version that `compareAndSet` and checks want. */
  getEntry<T = unknown>(key: KvKey, options?: OperationOptions): Promise<KvEntry<T> | undefined>
  /** In the order of the keys, read at one time. */
  getMany<T = unknown>(keys: readonly KvKey[], options?: OperationOptions): Promise<(KvEntry<T> | undefined)[]>
  exists(key: KvKey, options?: OperationOptions): Promise<boolean>

  /** Throws KvValueError for a value that would not come back as it is. */
  put(key: KvKey, value: unknown, options?: WriteOptions): Promise<KvVersion>
  /** All or nothing. */
  putMany(entries: Iterable<readonly [KvKey, unknown]>, options?: WriteOptions): Promise<KvVersion>
  /** The new version, or `undefined` if the key was there, which is then left as it is. */
  putIfAbsent(key: KvKey, value: unknown, options?: WriteOptions): Promise<KvVersion | undefined>
  /** Puts if the key still has `expected` (`null`: is still absent). The new version, or `undefined` if it has not. */
  compareAndSet(
    key: KvKey,
    expected: KvVersion | null,
    value: unknown,
    options?: WriteOptions,
  ): Promise<KvVersion | undefined>
  /** Whether the key was there. */
  delete(key: KvKey, options?: OperationOptions): Promise<boolean>
  /**
   * Adds to a number, absent counts as 0, and resolves to the sum. `ttlMs` given: the key lives that long from now; not given: an old key keeps its
   * end, a new one gets the default. Throws KvNumberError for other values, and for sums that are not exact among whole numbers.
   */
  increment(key: KvKey, by?: number, options?: WriteOptions): Promise<number>
  /** Everything or nothing, in one step that nobody sees half of. A key can be in one operation only. */
  batch(operations: readonly KvOperation[], options?: BatchOptions): Promise<BatchResult>

  /**
   * The entries below a level, in key order: `scan('ap')` and `scan('ap:')` see 'ap:1' and neither 'ap' nor 'app:1'. What exists during the whole scan
   * is seen exactly once; what comes or goes meanwhile may be seen or not.
   */
  scan<T = unknown>(prefix?: KvKey, options?: OperationOptions): AsyncIterableIterator<KvEntry<T>>
  /** The first `limit` entries from `start` up to, without, `end`, in key order; `undefined` is no bound. Otherwise like `scan`. */
  range<T = unknown>(
    start?: KvKey,
    end?: KvKey,
    limit?: number,
    options?: OperationOptions,
  ): AsyncIterableIterator<KvEntry<T>>

  /** Milliseconds until the key is gone, `Infinity` for never, `undefined` if it is absent. */
  ttl(key: KvKey, options?: OperationOptions): Promise<number | undefined>
  /** Sets when the key is gone, from now; its version stays. Whether the key was there. */
  touch(key: KvKey, ttlMs: number | null, options?: OperationOptions): Promise<boolean>

  /** A set of texts below this key; each member is an entry of its own, `{key}:{member}`. */
  set(key: KvKey): KvSet

  /**
   * The entry now, and then whenever it has changed, `undefined` when it is gone; states that did not last may be left out. Changes by this store are
   * seen at once, those by others within `watchIntervalMs`. Ends when the signal is aborted or the store is closed.
   */
  watch<T = unknown>(key: KvKey, options?: OperationOptions): AsyncIterableIterator<KvEntry<T> | undefined>

  /** The part of this store below a level, under the same backend; closing it closes nothing. */
  child(prefix: KvKey): KvStore
  /** The clock that TTLs go by: epoch milliseconds, the same for all who share the store, untouched by clock steps of this machine. */
  now(options?: OperationOptions): Promise<number>
  /** Again: nothing. Operations under way end first. */
  close(): Promise<void>
}

export interface KvSet {
  /** How many were not in it before. Each member costs the same, however large the set. */
  add(members: string | Iterable<string>, options?: WriteOptions): Promise<number>
  has(member: string, options?: OperationOptions): Promise<boolean>
  /** In key order. */
  members(options?: OperationOptions): AsyncIterableIterator<string>
  /** How many were in it. */
  remove(members: string | Iterable<string>, options?: OperationOptions): Promise<number>
}
