/**
 * The port between transactions and where the document is kept. `FileStorage` is the one that comes with the package; `@holdfast/txn-store/conformance`
 * tests any other for the same guarantees.
 */
import type { JsonObject } from './json.js'
import type { JsonPatchOperation } from './json-patch.js'

/** A committed state of the document. */
export interface StoredDocument {
  /** `{}` when there is no document yet. Shared: nobody changes it, the storage that gave it out included, whatever is committed later. */
  readonly data: JsonObject
  /** Whether anybody ever committed one; `{}` can be a document. */
  readonly exists: boolean
  /** It is kept in another way than it would be now, such as under an older key: whoever replaces it has it written anew even when it is equal. */
  readonly isOutdated?: boolean
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

/** What it holds is shared: nobody changes it afterwards. */
export interface Commit {
  /** The state after the last entry. */
  readonly data: JsonObject
  /** One or more transactions that become durable together, all or none; the patches lead from the current state to `data`. */
  readonly entries: readonly CommitEntry[]
  /** Transactions to be noted in the history that are no part of the state. */
  readonly notes?: readonly NoteEntry[]
}

export interface Committed {
  /** The sequence number of the new state, larger than all before. Those of the entries before the last come right before it, without gaps. */
  readonly seq: number
  /** The path of the backup that holds the state before, if one was made. */
  readonly backup?: string | undefined
}

export interface AcquireOptions {
  /** How long to wait, in milliseconds: 0 takes only a turn that is free, `Infinity` waits for ever. */
  readonly timeoutMs: number
  /** Calls off the waiting, not the session. */
  readonly signal?: AbortSignal | undefined
}

/**
 * The exclusive right to commit, over all processes. One call at a time: first `read`, then any number of the others, `release` last. The turn of a process that dies
 * is free at once.
 */
export interface StorageSession {
  /** A whole number, larger than that of every session before, also after reopening. */
  readonly token: number
  /**
   * The newest committed state, that of this session included. What a killed process left half done is settled before.
   *
   * @throws StateReadError when it is damaged: it is never taken for empty. A commit may follow, with patches from `{}`.
   */
  read(): Promise<StoredDocument>
  /**
   * Makes the new state durable, or leaves everything as it was. On return every storage reads it, in any process; nobody ever sees a part of it. The state before
   * is kept as a backup, if the storage keeps them; what a restore replaces is kept whatever the options say (unless there are to be no backups at all). A restore
   * is the only entry of its commit. A damaged document is set aside first.
   *
   * @throws StaleTokenError when a newer session has committed since `read`, because the turn is over or was taken away; StateTransactionError when the document was
   *   changed in any other way. StateWriteError when it could not be written.
   */
  commit(commit: Commit): Promise<Committed>
  /** Adds notes to the history; they make no document and no new state. Failing to is no error: a note is not state. */
  note(notes: readonly NoteEntry[]): Promise<void>
  /** Gives the turn to the next. That it was taken away meanwhile is no error. */
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
  /** The newest committed state, without waiting for anybody's turn to end. @throws StateReadError */
  read(): Promise<StoredDocument>
  /**
   * Waits for a turn. Everybody who waits long enough gets one.
   *
   * @throws StateLockError; when the time was up its cause has the `code` `ERR_LOCK_TIMEOUT` or `ERR_LOCK_EXISTS`: then those transactions go on waiting whose own
   *   time is not up, while any other error is that of all. The reason of `signal` when it was called off; no turn is taken afterwards.
   */
  acquire(options: AcquireOptions): Promise<StorageSession>
  /**
   * The newest records, newest first, of all processes and since the beginning (or as far as the storage keeps them); none that tells of a commit that did not
   * happen. Waits for nobody, and needs no document that can be read.
   */
  history(limit: number): Promise<TransactionRecord[]>
  /** Gives back what it holds; every session has been released. Makes nothing durable that was not before. Again: nothing. */
  close(): Promise<void>
}
