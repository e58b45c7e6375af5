import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type BackupContent, BackupReader } from './backup-reader.js'
import { CommitQueue, type Job } from './commit-queue.js'
import { Draft, type DraftChange, replaceDocument } from './document/draft.js'
import { freezeDeep } from './document/freeze-deep.js'
import { StateError, StateTransactionError, StateValidationError } from './errors.js'
import { StoreEventHub, type StoreEventName, type StoreEvents } from './events.js'
import type { StoreDeps } from './file/deps.js'
import { FileStorage } from './file/file-storage.js'
import { findLayout } from './file/layout.js'
import { type HistoryVerification, verifyHistory } from './file/verify-history.js'
import type { JsonObject } from './json.js'
import { inTransaction, isInTransaction } from './nesting.js'
import { openFileStorage } from './open-storage.js'
import { type ResolvedOptions, resolveOptions, type TxnStoreOptions } from './options.js'
import { Replica, type ReplicaStatus, replicaTask } from './replica.js'
import { findIssues } from './schema.js'
import type { Committed, DocumentStorage, StoredDocument, TransactionRecord } from './storage.js'
import { OpenTransaction, type Transaction, transactionOn } from './transaction.js'
import { type WatchOptions, watchDocument } from './watch.js'

export interface TransactionOptions {
  /** Check the result against the schema. @default true */
  readonly validate?: boolean
  /** Begin with this document instead of the one there is, and replace that as a whole; also when that one is damaged. */
  readonly seedData?: object
  /** What the history calls it. @default 'transaction' */
  readonly operation?: string
  /** Who does it, for the history. @default the store's label */
  readonly label?: string
  /** @default the store's `lockTimeoutMs` */
  readonly lockTimeoutMs?: number
  /** Calls off the transaction, as long as it has not been committed; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface RestoreResult {
  /** The backup of the state that was replaced: restoring it undoes the restore. `undefined` when nothing was there or it was damaged. */
  readonly replaced: string | undefined
}

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
  readonly #openStorage: () => Promise<DocumentStorage>
  readonly #startReplica: () => Replica | undefined
  #storage: Promise<DocumentStorage> | undefined
  #replica: Replica | undefined
  #closing: Promise<void> | undefined

  /** Nothing is read, made or locked before it is needed. @throws RangeError for an option that cannot be; StateReadError for a path that leads nowhere */
  constructor(path: string, options: TxnStoreOptions<T> = {}, deps: StoreDeps = {}) {
    const resolved = resolveOptions(options)
    this.path = options.storage?.path ?? findLayout(path, options).document
    this.#schema = options.schema
    this.#options = resolved
    this.#openStorage = async () =>
      options.storage ??
      openFileStorage(
        path,
        options,
        {
          onRecovered: (description) => this.#events.emit('recovered', { description }),
          onWarning: (error) => this.#events.emit('warning', { error }),
        },
        deps,
      )
    const { replica } = options
    const task = replica === undefined ? undefined : replicaTask(this.path, replica, options)
    this.#startReplica = () =>
      replica === undefined || task === undefined ? undefined : new Replica(task, replica, this.#events)
    this.#queue = new CommitQueue(() => this.#open(), {
      logUnchanged: resolved.logUnchanged,
      onWarning: (error) => this.#events.emit('warning', { error }),
    })
  }

  /**
   * The newest committed document, `{}` when there is none. Waits for nobody. The result is frozen and may be kept: later commits do not change it.
   *
   * @throws StateReadError when it is damaged, with the command that restores the newest backup. StateValidationError when it is checked and wrong.
   */
  async read({ validate = this.#options.validateOnRead }: { readonly validate?: boolean } = {}): Promise<Readonly<T>> {
    const { data } = await (await this.#open()).read()
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
    await this.#enqueue({ operation: 'write', ...options }, true, 'commit', async ({ data: base }) => ({
      change: replaceDocument(base, data),
      value: undefined,
    }))
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
    const { value } = await this.#enqueue(options, seedData !== undefined, 'commit', async ({ data: base }) => {
      const seed = seedData === undefined ? undefined : replaceDocument(base, seedData)
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
    })
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
    const begun = Promise.withResolvers<OpenTransaction<T>>()
    const rolledBack = new Error('rolled back')
    const whole = this.transaction(async (txn) => {
      const end = Promise.withResolvers<'commit' | 'rollback'>()
      const finish = async (how: 'commit' | 'rollback'): Promise<void> => {
        end.resolve(how)
        await whole.catch((error: unknown) => {
          if (error !== rolledBack) throw error
        })
      }
      begun.resolve(new OpenTransaction<T>(txn, this.path, finish))
      if ((await end.promise) === 'rollback') throw rolledBack
    }, options)
    whole.catch((error: unknown) => begun.reject(error))
    return begun.promise
  }

  /** The newest backups, newest first, as absolute paths. */
  async listBackups({ limit = 10 }: { readonly limit?: number } = {}): Promise<string[]> {
    return (await (await this.#file()).backups.list()).slice(0, Math.max(0, limit))
  }

  /** The document that a backup holds, frozen. @throws StateReadError when it is damaged or not there */
  async readBackup(path: string): Promise<Readonly<T>> {
    return freezeDeep((await (await this.#backups()).read(path)).data) as T
  }

  /**
   * Makes the document what it was in this backup (or any file with a document in it). The file is read and checked first, the state that it replaces is
   * kept as a backup of its own, and the history tells. A damaged document is set aside. Durable on return.
   *
   * @throws StateReadError when the file is damaged: nothing was changed. StateValidationError, StateLockError, StateWriteError.
   * @example const { replaced } = await store.restoreBackup(backups[0])
   */
  async restoreBackup(path: string, options: Omit<TransactionOptions, 'seedData'> = {}): Promise<RestoreResult> {
    const backup = await (await this.#backups()).read(path)
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
    return this.#restore(await (await this.#backups()).readAt(new Date(instant).getTime()), options)
  }

  /** The newest records of the history, newest first. Says only of commits that they succeeded which are in the document or were before it. */
  async getTransactionHistory({ limit = 50 }: { readonly limit?: number } = {}): Promise<TransactionRecord[]> {
    return (await this.#open()).history(limit)
  }

  /**
   * Checks that the history is whole: that no line was edited, removed or added in between, and that the document is the one of the newest record. Does not
   * see what somebody rewrote from one line to the very end with new hashes, nor that files rotated out long ago are gone.
   *
   * @throws StateReadError when the document or its journal cannot be read.
   */
  async verifyHistory(): Promise<HistoryVerification> {
    const storage = await this.#file()
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
    return this.#replica?.status
  }

  /**
   * The newest document, and again whenever it is another one, whoever changed it. States that follow each other quickly may be told as one. Ends when
   * `signal` aborts. @throws StateReadError when the document is damaged meanwhile
   * @example for await (const state of store.watch({ signal })) render(state)
   */
  async *watch(options: WatchOptions = {}): AsyncGenerator<Readonly<T>, void, void> {
    for await (const data of watchDocument(await this.#file(), options)) yield data as T
  }

  /** Calls the listener from now on; the result ends that. */
  on<Name extends StoreEventName>(name: Name, listener: (event: StoreEvents[Name]) => void): () => void {
    return this.#events.on(name, listener)
  }

  /**
   * Waits for the transactions under way, and writes what the journal holds into the readable file if nobody else is at work. Calling it again does
   * nothing more; anything else is an error then.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    await this.#queue.idle()
    const storage = await this.#storage
    if (storage === undefined) return
    if (this.#options.journal && storage instanceof FileStorage) await this.#checkpointIfFree(storage)
    await storage.close()
    await this.#replica?.close()
  }

  /** Whoever holds the lock, or comes next, does it otherwise: nothing is lost by leaving it. */
  async #checkpointIfFree(storage: FileStorage): Promise<void> {
    try {
      const session = await storage.acquire({ timeoutMs: CLOSE_TIMEOUT_MS })
      try {
        await session.read()
        await session.checkpoint(false)
      } finally {
        await session.release()
      }
    } catch (error) {
      if (!(error instanceof StateError)) throw error
      this.#events.emit('warning', { error })
    }
  }

  /** For what only files have: backups, a journal, a log that can be followed. */
  async #file(): Promise<FileStorage> {
    const storage = await this.#open()
    if (storage instanceof FileStorage) return storage
    throw new TypeError(`The storage of '${this.path}' has no backups, journal or log to be looked at`)
  }

  async #open(): Promise<DocumentStorage> {
    if (this.#closing !== undefined) throw closed(this.path)
    this.#storage ??= this.#openStorage()
    this.#replica ??= this.#startReplica()
    try {
      return await this.#storage
    } catch (error) {
      // What was wrong with a key file may be mended.
      this.#storage = undefined
      throw error
    }
  }

  async #backups(): Promise<BackupReader> {
    return new BackupReader(await this.#file())
  }

  async #restore({ data, name }: BackupContent, options: TransactionOptions): Promise<RestoreResult> {
    const { committed } = await this.#enqueue(
      { operation: 'restore', ...options },
      true,
      'restore',
      async (base) => ({ change: replaceDocument(base.data, data), value: undefined }),
      { backup: name },
    )
    const replaced = committed?.backup
    this.#events.emit('restored', { backup: name, replaced })
    return { replaced }
  }

  #enqueue<R>(
    options: TransactionOptions,
    replacesAll: boolean,
    kind: 'commit' | 'restore',
    run: (base: StoredDocument) => Promise<{ readonly change: DraftChange; readonly value: R }>,
    details?: Readonly<Record<string, unknown>>,
  ): Promise<Enqueued<R>> {
    const { validate = true, operation = 'transaction', lockTimeoutMs = this.#options.lockTimeoutMs, signal } = options
    if (this.#closing !== undefined) return Promise.reject(closed(this.path))
    if (isInTransaction(this.path)) return Promise.reject(nested(this.path, operation))
    const { promise, resolve, reject } = Promise.withResolvers<Enqueued<R>>()
    let value: R
    const job: Job = {
      operation,
      label: options.label,
      kind,
      timeoutMs: lockTimeoutMs,
      signal,
      replacesAll,
      ...(details === undefined ? {} : { details }),
      run: async (base) => {
        const result = await run(base)
        value = result.value
        const { issues, patch, data } = result.change
        if (issues.length > 0) throw new StateValidationError('keep', issues, { path: this.path })
        if (validate && patch.length > 0) await this.#assertValid(data, 'commit')
        return result.change
      },
      succeed: (committed, data) => {
        resolve({ value, committed })
        if (committed !== undefined) this.#replica?.notify()
        if (committed === undefined || !this.#events.has('commit')) return
        this.#events.emit('commit', { seq: committed.seq, operation, data: freezeDeep(data) })
      },
      fail: (error) => {
        reject(error)
        this.#events.emit('rollback', { operation, error })
      },
    }
    this.#queue.add(job)
    return promise
  }

  async #inTurn<R>(work: (session: Awaited<ReturnType<FileStorage['acquire']>>) => Promise<R>): Promise<R> {
    if (this.#closing !== undefined) throw closed(this.path)
    if (isInTransaction(this.path)) throw nested(this.path, 'backup')
    const storage = await this.#file()
    const session = await storage.acquire({ timeoutMs: this.#options.lockTimeoutMs })
    try {
      return await work(session)
    } finally {
      await session.release()
    }
  }

  async #assertValid(data: JsonObject, action: string): Promise<void> {
    const issues = await findIssues(this.#schema, data)
    if (issues.length > 0) throw new StateValidationError(action, issues, { path: this.path })
  }
}

interface Enqueued<R> {
  readonly value: R
  /** `undefined` when nothing changed. */
  readonly committed: Committed | undefined
}

const CLOSE_TIMEOUT_MS = 1000

function closed(path: string): Error {
  return new Error(`The store of '${path}' is closed`)
}

function nested(path: string, operation: string): StateTransactionError {
  return new StateTransactionError(`Cannot begin '${operation}' on '${path}' inside another transaction on it`, {
    path,
    hint: 'Use the data of the outer transaction, or begin this one after it',
  })
}
