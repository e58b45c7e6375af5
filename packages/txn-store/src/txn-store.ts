import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BackupContent, BackupReader } from './backup-reader.js'
import { CommitQueue, type Job } from './commit-queue.js'
import { Draft, replaceDocument } from './document/draft.js'
import { freezeDeep } from './document/freeze-deep.js'
import { StateValidationError } from './errors.js'
import { StoreEventHub, type StoreEventName, type StoreEvents } from './events.js'
import type { StoreDeps } from './file/deps.js'
import type { FileSession } from './file/file-session.js'
import { findLayout } from './file/layout.js'
import { type HistoryVerification, verifyHistory } from './file/verify-history.js'
import { type JobResult, jobWithResult, type Work } from './job-with-result.js'
import type { JsonObject } from './json.js'
import { LazyStorage } from './lazy-storage.js'
import { assertOutside, inTransaction } from './nesting.js'
import { openFileStorage } from './open-storage.js'
import {
  type ResolvedOptions,
  type RestoreResult,
  resolveOptions,
  type TransactionOptions,
  type TxnStoreOptions,
} from './options.js'
import { Replica, type ReplicaStatus, replicaTask } from './replica.js'
import { findIssues } from './schema.js'
import type { TransactionRecord } from './storage.js'
import { beginTransaction, type OpenTransaction, type Transaction, transactionOn } from './transaction.js'
import { type WatchOptions, watchDocument } from './watch.js'

/**
 * Transactions on one JSON document, kept in a file. Every commit is whole or not at all, durable before it is acknowledged, checked, backed up and told in
 * the history; processes and callers take turns. What was acknowledged survives kill -9, a full disk and a power failure.
 *
 * @example
 * await using store = new TxnStore('pipeline.json', { schema: z.object({ phase1: z.object({ status: z.string() }) }) })
 * await store.transaction((txn) => { txn.data.phase1.status = 'success' })
 */
export class TxnStore<T extends object = JsonObject> implements AsyncDisposable {
  /** The document, symbolic links followed. */
  readonly path: string
  readonly #schema: StandardSchemaV1<unknown, T> | undefined
  readonly #options: ResolvedOptions
  readonly #events: StoreEventHub = new StoreEventHub()
  readonly #queue: CommitQueue
  readonly #storage: LazyStorage
  /** Aborted when the store is closed. */
  readonly #ended: AbortController = new AbortController()
  #closing: Promise<void> | undefined

  /** Nothing is read, made or locked before it is needed. @throws RangeError for an option that cannot be; StateReadError for a path that leads nowhere */
  constructor(path: string, options: TxnStoreOptions<T> = {}, deps: StoreDeps = {}) {
    const resolved = resolveOptions(options)
    this.path = options.storage?.path ?? findLayout(path, options).document
    this.#schema = options.schema
    this.#options = resolved
    const onWarning = (error: unknown): void => this.#events.emit('warning', { error })
    const onRecovered = (description: string): void => this.#events.emit('recovered', { description })
    const { replica } = options
    const task = replica === undefined ? undefined : replicaTask(this.path, replica, options)
    this.#storage = new LazyStorage({
      path: this.path,
      journal: resolved.journal,
      lockTimeoutMs: resolved.lockTimeoutMs,
      openStorage: async () => options.storage ?? openFileStorage(path, options, { onRecovered, onWarning }, deps),
      startReplica: () =>
        replica === undefined || task === undefined ? undefined : new Replica(task, replica, this.#events),
      events: this.#events,
    })
    this.#queue = new CommitQueue(() => this.#storage.openForWaiting(), {
      path: this.path,
      logUnchanged: resolved.logUnchanged,
      onWarning,
    })
  }

  /**
   * The newest committed document, `{}` when there is none. Waits for nobody. The result is frozen and may be kept: later commits do not change it.
   *
   * @throws StateReadError when it is damaged, with the command that restores the newest backup. StateValidationError when it is checked and wrong.
   */
  async read({ validate = this.#options.validateOnRead }: { readonly validate?: boolean } = {}): Promise<Readonly<T>> {
    const { data } = await (await this.#storage.open()).read()
    if (validate) await this.#assertValid(data, 'read')
    return freezeDeep(data) as T
  }

  /**
   * Replaces the whole document, whatever is there; a damaged one is set aside as `<path>.corrupt-<time>`. Durable on return; a document that is equal is
   * not written again.
   *
   * @throws StateValidationError, StateLockError, StateWriteError
   */
  async write(data: T, options: Omit<TransactionOptions, 'seedData'> = {}): Promise<void> {
    await this.#enqueue({ operation: 'write', ...options }, 'commit', true, {
      run: async (base) => ({ change: replaceDocument(base.data, data), value: undefined }),
    })
  }

  /**
   * Runs the callback on a draft of the newest document and commits what it made of it. Resolves to the callback's value once the commit is durable. An
   * exception rolls back and is rethrown as it is; a draft that was not changed writes nothing. Transactions wait for each other, also across processes;
   * those that wait in one process are committed together.
   *
   * @throws whatever the callback throws; StateValidationError; StateLockError when its turn did not come in time; StateReadError; StateWriteError;
   *   StaleTokenError; StateTransactionError inside another transaction on the same document.
   * @example const done = await store.transaction((txn) => ++txn.data.done, { operation: 'count' })
   */
  async transaction<R>(
    callback: (transaction: Transaction<T>) => R | Promise<R>,
    options: TransactionOptions = {},
  ): Promise<R> {
    const { seedData } = options
    const isSeeded = seedData !== undefined
    const run: Work<R>['run'] = async ({ data: base }) => {
      const seed = isSeeded ? replaceDocument(base, seedData) : undefined
      if (seed !== undefined && seed.issues.length > 0) return { change: seed, value: undefined as R }
      const draft = new Draft(seed?.data ?? base)
      try {
        const value = await inTransaction(this.path, () => callback(transactionOn<T>(draft)))
        const detached = draft.detach(value) as R
        const change = draft.finish()
        if (seed === undefined || change.issues.length > 0) return { change, value: detached }
        return { change: { ...change, patch: [...seed.patch, ...change.patch] }, value: detached }
      } finally {
        draft.discard()
      }
    }
    const { value } = await this.#enqueue(options, 'commit', isSeeded, { run })
    return value
  }

  /**
   * Begins a transaction that lasts until `commit` or `rollback`, or until it is disposed of. Others wait meanwhile.
   *
   * @throws StateLockError, StateReadError, StateTransactionError as `transaction`
   * @example
   * await using txn = await store.begin({ operation: 'import' })
   * txn.data.status = 'running'
   * await txn.commit()
   */
  async begin(options: TransactionOptions = {}): Promise<OpenTransaction<T>> {
    return beginTransaction((callback) => this.transaction(callback, options), this.path)
  }

  /** The newest backups, newest first, as absolute paths. */
  async listBackups({ limit = 10 }: { readonly limit?: number } = {}): Promise<string[]> {
    return (await (await this.#storage.openFile()).backups.list()).slice(0, Math.max(0, limit))
  }

  /** The document that a backup holds, frozen. @throws StateReadError when it is damaged or not there */
  async readBackup(path: string): Promise<Readonly<T>> {
    return freezeDeep((await new BackupReader(await this.#storage.openFile()).read(path)).data) as T
  }

  /**
   * Makes the document what it was in this backup (or any file with a document in it). The file is read and checked first, the state that it replaces is
   * kept as a backup of its own, and the history tells. A damaged document is set aside. Durable on return.
   *
   * @throws StateReadError when the file is damaged: nothing was changed. StateValidationError, StateLockError, StateWriteError.
   * @example const { replaced } = await store.restoreBackup(backups[0])
   */
  async restoreBackup(path: string, options: Omit<TransactionOptions, 'seedData'> = {}): Promise<RestoreResult> {
    const backup = await new BackupReader(await this.#storage.openFile()).read(path)
    return this.#restore(backup, options)
  }

  /**
   * Makes the document what it was at an instant, from the backups and, where those do not reach, the changes that the history tells whole.
   *
   * @throws StateReadError when that state is not known any more; its message names the times that are.
   */
  async restoreToTime(
    instant: Date | number | string,
    options: Omit<TransactionOptions, 'seedData'> = {},
  ): Promise<RestoreResult> {
    return this.#restore(
      await new BackupReader(await this.#storage.openFile()).readAt(new Date(instant).getTime()),
      options,
    )
  }

  /** The newest records of the history, newest first. Says only of commits that they succeeded which are in the document or were before it. */
  async getTransactionHistory({ limit = 50 }: { readonly limit?: number } = {}): Promise<TransactionRecord[]> {
    return (await this.#storage.open()).history(limit)
  }

  /**
   * Checks that the history is whole: that no line was edited, removed or added in between, and that the document is the one of the newest record. Does not
   * see what somebody rewrote from one line to the very end with new hashes, nor that files rotated out long ago are gone.
   *
   * @throws StateReadError when the document or its journal cannot be read.
   */
  async verifyHistory(): Promise<HistoryVerification> {
    const storage = await this.#storage.openFile()
    return verifyHistory(storage.layout, await storage.load())
  }

  /** By hand: `createBackup()` keeps the document as it is, and resolves to the backup's path (`undefined` without a document). */
  readonly backupManager: { readonly createBackup: () => Promise<string | undefined> } = {
    createBackup: () => this.#inTurn((session) => session.backup()),
  }

  /** Writes what the journal holds into the readable file. Durable on return; does nothing without a journal. */
  async checkpoint(): Promise<void> {
    await this.#inTurn(async (session) => {
      await session.read()
      await session.checkpoint(this.#options.journal)
    })
  }

  /** How far the copy is, `undefined` without one. */
  get replicaStatus(): ReplicaStatus | undefined {
    return this.#storage.replicaStatus
  }

  /**
   * The newest document, and again whenever it is another one, whoever changed it. States that follow each other quickly may be told as one. Ends when
   * `signal` aborts or the store is closed. @throws StateReadError when the document is damaged meanwhile
   * @example for await (const state of store.watch({ signal })) render(state)
   */
  async *watch(options: WatchOptions = {}): AsyncGenerator<Readonly<T>, void, void> {
    const { signal = this.#ended.signal, ...rest } = options
    const ends = AbortSignal.any([signal, this.#ended.signal])
    for await (const data of watchDocument(await this.#storage.openFile(), { ...rest, signal: ends })) yield data as T
  }

  /** Calls the listener from now on; the result ends that. */
  on<Name extends StoreEventName>(name: Name, listener: (event: StoreEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Waits for the transactions under way, and writes what the journal holds into the readable file if nobody else is at work. Calling it again does
   * nothing more; anything else is an error then.
   *
   * @throws StateTransactionError inside a transaction of this store, which would have to be over first
   */
  async close(): Promise<void> {
    if (this.#closing === undefined && this.#queue.isBusy) assertOutside(this.path, 'close')
    this.#ended.abort()
    this.#closing ??= this.#storage.close(() => this.#queue.idle())
    await this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #restore({ data, name }: BackupContent, options: TransactionOptions): Promise<RestoreResult> {
    const { committed } = await this.#enqueue({ operation: 'restore', ...options }, 'restore', true, {
      details: { backup: name },
      run: async (base) => ({ change: replaceDocument(base.data, data), value: undefined }),
    })
    const replaced = committed?.backup
    this.#events.emit('restored', { backup: name, replaced })
    return { replaced }
  }

  async #enqueue<R>(
    options: TransactionOptions,
    kind: Job['kind'],
    replacesAll: boolean,
    work: Pick<Work<R>, 'run' | 'details'>,
  ): Promise<JobResult<R>> {
    const { validate = true, operation = 'transaction', lockTimeoutMs = this.#options.lockTimeoutMs } = options
    this.#assertMayBegin(operation)
    const { job, result } = jobWithResult(
      { operation, label: options.label, kind, replacesAll, timeoutMs: lockTimeoutMs, signal: options.signal, ...work },
      {
        path: this.path,
        check: async (data) => {
          if (validate) await this.#assertValid(data, 'commit')
        },
        onCommit: ({ seq }, data) => {
          this.#storage.notifyReplica()
          if (this.#events.has('commit')) this.#events.emit('commit', { seq, operation, data: freezeDeep(data) })
        },
        onFailure: (error) => this.#events.emit('rollback', { operation, error }),
      },
    )
    this.#queue.add(job)
    return result
  }

  async #inTurn<R>(work: (session: FileSession) => Promise<R>): Promise<R> {
    this.#assertMayBegin('backup')
    return this.#storage.inTurn(work)
  }

  #assertMayBegin(operation: string): void {
    this.#storage.assertOpen()
    assertOutside(this.path, `begin '${operation}' on`)
  }

  async #assertValid(data: JsonObject, action: string): Promise<void> {
    const issues = await findIssues(this.#schema, data)
    if (issues.length > 0) throw new StateValidationError(action, issues, { path: this.path })
  }
}
