import type { KvBackend } from '../errors.js'

/** What is stored: text where that is possible, so that people can read it. */
export type Payload = string | Uint8Array

export interface StoredEntry {
  readonly key: string
  readonly version: number
  readonly payload: Payload
}

/** Holds if the key has this version, `null`: if the key is absent; or as long as the store's clock is before `beforeMs`. */
export type Check = { readonly key: string; readonly version: number | null } | { readonly beforeMs: number }

/** `ttlMs: null` never expires. */
export type Change =
  | { readonly type: 'put' | 'add'; readonly key: string; readonly payload: Payload; readonly ttlMs: number | null }
  | { readonly type: 'delete'; readonly key: string }
  /** `ttlMs` holds for a new key; for an old one only if `renew`. */
  | {
      readonly type: 'increment'
      readonly key: string
      readonly by: number
      readonly ttlMs: number | null
      readonly renew: boolean
    }
  | { readonly type: 'touch'; readonly key: string; readonly ttlMs: number | null }

/** Checks and changes that happen together or not at all. No two changes are of one key. */
export interface Commit {
  readonly checks: readonly Check[]
  readonly changes: readonly Change[]
}

export type CommitOutcome =
  /**
   * One result per change: of an increment the new number, of the others 1 if it did something (`add`: the key was absent; `delete`, `touch`:
   * it was there), else 0. `version` is greater than every earlier one of this store, and that of all keys written here.
   */
  | { readonly status: 'done'; readonly version: number; readonly results: readonly number[] }
  | { readonly status: 'conflict'; readonly check: number }
  /** The key of this increment holds something other than plain JSON number text. */
  | { readonly status: 'not-a-number'; readonly change: number }
  | { readonly status: 'overflow'; readonly change: number }

export interface PageQuery {
  /** Inclusive. */
  readonly start: string
  /** Exclusive; `undefined`: to the end. */
  readonly end: string | undefined
  readonly limit: number
}

/**
 * What a backend has to do. Keys are opaque text, ordered by their UTF-8 bytes. When `commit` resolves, the change is as durable as the backend
 * makes anything. Expired entries are not there.
 */
export interface KvDriver {
  readonly backend: KvBackend
  /** Where the data is, for messages: a file, or host and port. */
  readonly location: string
  /** How often somebody who watches has to look for changes made elsewhere. */
  readonly watchIntervalMs: number
  read(keys: readonly string[], signal?: AbortSignal): Promise<readonly (StoredEntry | undefined)[]>
  commit(commit: Commit, signal?: AbortSignal): Promise<CommitOutcome>
  /** The first entries in the range, in order. Fewer than `limit` only at its end. */
  page(query: PageQuery, signal?: AbortSignal): Promise<readonly StoredEntry[]>
  /** Milliseconds left, `Infinity` without an end, `undefined` if absent. */
  timeLeft(key: string, signal?: AbortSignal): Promise<number | undefined>
  /** The store's clock: epoch milliseconds, the same for all who share the store, not moved by steps of this machine's clock. */
  now(signal?: AbortSignal): Promise<number>
  /** Calls `listener` with the keys of each commit of this driver; returns how to stop that. */
  onCommit(listener: (keys: readonly string[]) => void): () => void
  close(): Promise<void>
}
