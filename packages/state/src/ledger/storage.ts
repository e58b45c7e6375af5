/**
 * The port between the ledger and where it is kept. `@holdfast/state/ledger-conformance` tests any storage for what the ledger builds on. The package has
 * two: a JSON file that programs of other languages can share, and SQLite.
 */
import type { JsonObject } from '@holdfast/txn-store'
import type { LedgerMap, RawEntry } from './entry.js'

/** One committed state. Good only within the call that was given it. */
export interface LedgerView {
  get(map: LedgerMap, id: string): RawEntry | undefined
  /** All entries of a map, in the order of their ids' code points. */
  entries(map: LedgerMap): Iterable<readonly [id: string, entry: RawEntry]>
  count(map: LedgerMap): number
  /** Ids in `processed` whose entry has exactly this infohash, in order. */
  findByInfohash(infohash: string): string[]
  /** Everything at the top level of the document but the two maps, `version` included. */
  readonly rest: Readonly<JsonObject>
}

/** `entry: undefined` removes it. */
export interface LedgerChange {
  readonly map: LedgerMap
  readonly id: string
  readonly entry: JsonObject | undefined
}

/** The exclusive right to change the ledger, across processes. */
export interface LedgerSession {
  /** The newest committed state, fixed while the session lasts. */
  readonly view: LedgerView
  /**
   * Makes the changes durable, all or none. At most once per session.
   *
   * @param operations what made them, for the history
   * @throws an error with the code ERR_STATE_WRITE: the ledger is what it was
   */
  commit(changes: readonly LedgerChange[], operations: readonly string[]): Promise<void>
  release(): Promise<void>
}

export interface LedgerStorage {
  /** What messages and errors call the ledger. */
  readonly path: string
  readonly kind: string
  /** Calls the work with the newest committed state, and waits for nobody. The work must not be asynchronous. */
  read<R>(work: (view: LedgerView) => R): Promise<R>
  /** @throws an error with the code ERR_STATE_LOCK when others hold it for too long */
  acquire(options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined }): Promise<LedgerSession>
  close(): Promise<void>
}
