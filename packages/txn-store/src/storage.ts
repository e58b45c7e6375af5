/**
 * The port between transactions and where the document is kept. `FileStorage` is the one that comes with the package; `@holdfast/txn-store/conformance`
 * tests any other for the same guarantees.
 */
import type { JsonObject } from './json.js'
import type { JsonPatchOperation } from './json-patch.js'

/** A committed state of the document. */
export interface StoredDocument {
  /** `{}` when there is no document yet. Shared: it must not be changed. */
  readonly data: JsonObject
  readonly exists: boolean
}

/** What one transaction did, as the history tells it. */
export interface CommitEntry {
  readonly kind: 'commit' | 'restore'
  readonly operation: string
  readonly label: string | undefined
  /** When the transaction began, epoch milliseconds, and how long its callback took. */
  readonly startedAt: number
  readonly durationMs: number
  /** From the state before this entry to the state after it. */
  readonly patch: readonly JsonPatchOperation[]
  /** More for the record; for people. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** A transaction that changed nothing: because it failed, or because there was nothing to change. */
export interface NoteEntry {
  readonly kind: 'rollback' | 'unchanged'
  readonly operation: string
  readonly label: string | undefined
  readonly startedAt: number
  readonly durationMs: number
  readonly details: Readonly<Record<string, unknown>>
}

export interface Commit {
  /** The state after the last entry. */
  readonly data: JsonObject
  /** One or more transactions that become durable together, all or none; the patches lead from the current state to `data`. */
  readonly entries: readonly CommitEntry[]
  /** Transactions to be noted in the history that are no part of the state. */
  readonly notes?: readonly NoteEntry[]
}

export interface Committed {
  /** The sequence number of the new state: one more for each entry. */
  readonly seq: number
  /** The path of the backup that holds the state before, if one was made. */
  readonly backup?: string | undefined
}

export interface AcquireOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
}

/** The exclusive right to commit. */
export interface StorageSession {
  /** Larger than that of every session before. */
  readonly token: number
  /**
   * The newest committed state. What a killed process left half done is settled before.
   *
   * @throws StateReadError when it is damaged.
   */
  read(): Promise<StoredDocument>
  /**
   * Make the new state durable, or leave everything as it was. A damaged document is set aside first. What a restore replaces is kept as a backup first,
   * whatever the options say; a restore is the only entry of its commit.
   *
   * @throws StateWriteError, StaleTokenError, StateTransactionError
   */
  commit(commit: Commit): Promise<Committed>
  /** Adds notes to the history. Failing to is no error: a note is not state. */
  note(notes: readonly NoteEntry[]): Promise<void>
  release(): Promise<void>
}

/**
 * `external`: another program changed the document. `recovery`: what a killed process left was settled. `checkpoint`: the journal became the document.
 * `foreign`: a line of another program, such as the Python original. `damaged`: a line that cannot be read.
 */
export type RecordKind =
  | 'commit'
  | 'restore'
  | 'rollback'
  | 'unchanged'
  | 'checkpoint'
  | 'external'
  | 'recovery'
  | 'foreign'
  | 'damaged'

/** One line of the history. */
export interface TransactionRecord {
  /** When it was committed (or failed), ISO-8601 UTC. */
  readonly timestamp: string
  /** The operation's name with `_commit`, `_rollback` or `_unchanged` behind it, or what else happened. */
  readonly operation: string
  /** Whether it became part of the document. */
  readonly success: boolean
  readonly pid: number
  readonly details: Readonly<Record<string, unknown>>
  readonly kind: RecordKind
  readonly host?: string
  readonly label?: string
  /** The state of the document this record made; records that made none repeat the one before. */
  readonly seq?: number
  readonly token?: number
  readonly durationMs?: number
  /** JSON Pointers of what changed, and the whole change if it is not too large. */
  readonly changed?: readonly string[]
  readonly patch?: readonly JsonPatchOperation[]
  /** SHA-256 of the document's file after and before, when this record made a file. */
  readonly sha256?: string | null
  readonly before?: string | null
  /** The name under which the state before was kept. */
  readonly backup?: string
}

export interface DocumentStorage {
  /** What messages and errors call the document. */
  readonly path: string
  /** The newest committed state, without waiting for anybody. @throws StateReadError */
  read(): Promise<StoredDocument>
  /** @throws StateLockError */
  acquire(options: AcquireOptions): Promise<StorageSession>
  /** The newest records, newest first; none that tells of a commit that did not happen. */
  history(limit: number): Promise<TransactionRecord[]>
  close(): Promise<void>
}
