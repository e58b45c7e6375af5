/**
 * A document in an SQLite database: an example of another storage, for whoever writes one. Not part of the package.
 *
 * It owns `<path>` (with SQLite's `-wal` and `-shm` beside it) and `<path>.lock`. A commit is one transaction of the database: document, history and backup
 * together or not at all, also when the process is killed in it. Turns are given by a lock on a file, which the kernel frees when its holder dies; that nobody
 * commits on what is not the newest state is proved inside the transaction, whatever became of the lock.
 */
import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import {
  type AcquireOptions,
  type Commit,
  type Committed,
  type DocumentStorage,
  type JsonObject,
  type NoteEntry,
  StaleTokenError,
  StateLockError,
  StateReadError,
  StateTransactionError,
  StateWriteError,
  type StorageSession,
  type StoredDocument,
  type TransactionRecord,
} from '@holdfast/txn-store'

export class SqliteStorage implements DocumentStorage {
  readonly path: string
  readonly #database: DatabaseSync

  constructor(path: string) {
    this.path = path
    this.#database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS })
    // FULL: a commit is on the disk when it returns.
    this.#database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
    this.#database.exec(SCHEMA)
  }

  async read(): Promise<StoredDocument> {
    return this.readRow().document
  }

  /** The document and what a commit has to be compared with. @throws StateReadError */
  readRow(): { readonly seq: number; readonly document: StoredDocument } {
    const row = this.#database.prepare('SELECT seq, data FROM document').get()
    if (row === undefined) return { seq: 0, document: { data: {}, exists: false } }
    const seq = Number(row['seq'])
    const text = String(row['data'])
    try {
      return { seq, document: { data: JSON.parse(text) as JsonObject, exists: true } }
    } catch (cause) {
      const hint = 'Write the document anew; the damaged text is kept among the backups'
      throw new StateReadError(`Cannot read '${this.path}': it is not JSON`, { path: this.path, hint, cause })
    }
  }

  async acquire(options: AcquireOptions): Promise<StorageSession> {
    const { timeoutMs, signal } = options
    try {
      const lock = await FileLock.acquire(`${this.path}.lock`, {
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
      })
      return new SqliteSession(this, this.#database, lock)
    } catch (error) {
      if (!errorCode(error)?.startsWith('ERR_LOCK')) throw error
      throw new StateLockError(`Cannot change '${this.path}'`, { path: this.path, cause: error })
    }
  }

  async history(limit: number): Promise<TransactionRecord[]> {
    const rows = this.#database.prepare('SELECT record FROM history ORDER BY id DESC LIMIT ?').all(limit)
    return rows.map(({ record }) => JSON.parse(String(record)) as TransactionRecord)
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close()
  }

  /** The state that a commit replaced. */
  readBackup(name: string): JsonObject {
    const row = this.#database.prepare('SELECT data FROM backups WHERE name = ?').get(name)
    if (row === undefined)
      throw new StateReadError(`Cannot read '${name}': there is no such backup`, { path: this.path })
    return JSON.parse(String(row['data'])) as JsonObject
  }
}

class SqliteSession implements StorageSession {
  readonly token: number
  readonly #storage: SqliteStorage
  readonly #database: DatabaseSync
  readonly #lock: FileLock
  /** The state this turn builds on; of a damaged document only the number is known. */
  #base: number | undefined

  constructor(storage: SqliteStorage, database: DatabaseSync, lock: FileLock) {
    this.token = lock.token
    this.#storage = storage
    this.#database = database
    this.#lock = lock
  }

  async read(): Promise<StoredDocument> {
    this.#base = this.#newest().seq
    return this.#storage.readRow().document
  }

  async commit({ data, entries, notes = [] }: Commit): Promise<Committed> {
    const { path } = this.#storage
    return this.#inTransaction(() => {
      const newest = this.#newest()
      if (newest.seq !== this.#base) throw this.#refusal(newest.token)
      this.#insertNotes(notes, newest.seq)
      const seq = newest.seq + entries.length
      const backup = newest.seq === 0 ? undefined : `${path}#${newest.seq}`
      if (backup !== undefined) {
        this.#database.prepare('INSERT INTO backups SELECT ?, data FROM document').run(backup)
      }
      this.#database
        .prepare('INSERT OR REPLACE INTO document (id, seq, token, data) VALUES (1, ?, ?, ?)')
        .run(seq, this.token, JSON.stringify(data))
      for (const [index, entry] of entries.entries()) {
        const { kind, operation, label, durationMs, patch, details = {} } = entry
        const isLast = index === entries.length - 1
        this.#insert({
          ...facts(`${operation}_commit`, kind, label, details),
          success: true,
          seq: newest.seq + 1 + index,
          token: this.token,
          durationMs,
          changed: [...new Set(patch.map((operation) => operation.path))],
          patch,
          ...(isLast && backup !== undefined ? { backup } : {}),
        })
      }
      this.#base = seq
      return { seq, backup }
    })
  }

  async note(notes: readonly NoteEntry[]): Promise<void> {
    try {
      this.#inTransaction(() => this.#insertNotes(notes, this.#newest().seq))
    } catch (error) {
      if (!(error instanceof StateWriteError)) throw error
    }
  }

  async release(): Promise<void> {
    try {
      await this.#lock.release()
    } catch (error) {
      // It was taken away; what that could spoil, the comparison in each commit has prevented.
      if (errorCode(error) !== 'ERR_LOCK_LOST') throw error
    }
  }

  #newest(): { readonly seq: number; readonly token: number } {
    const row = this.#database.prepare('SELECT seq, token FROM document').get()
    return { seq: Number(row?.['seq'] ?? 0), token: Number(row?.['token'] ?? 0) }
  }

  #refusal(newestToken: number): StateTransactionError {
    const { path } = this.#storage
    if (newestToken > this.token) return new StaleTokenError({ token: this.token, newestToken }, { path })
    return new StateTransactionError(`Refused to commit to '${path}': it was not read in this turn`, { path })
  }

  #insertNotes(notes: readonly NoteEntry[], seq: number): void {
    for (const { kind, operation, label, durationMs, details } of notes) {
      const success = kind === 'unchanged'
      this.#insert({ ...facts(`${operation}_${kind}`, kind, label, details), success, seq, durationMs })
    }
  }

  #insert(record: TransactionRecord): void {
    this.#database.prepare('INSERT INTO history (record) VALUES (?)').run(JSON.stringify(record))
  }

  #inTransaction<T>(work: () => T): T {
    const { path } = this.#storage
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      const result = work()
      this.#database.exec('COMMIT')
      return result
    } catch (error) {
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
      if (errorCode(error) !== 'ERR_SQLITE_ERROR') throw error
      throw new StateWriteError(`Cannot commit to '${path}', which is what it was`, { path, cause: error })
    }
  }
}

/** For moments in which another connection writes; turns are waited for at the lock. */
const BUSY_TIMEOUT_MS = 5000

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS document (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER, token INTEGER, data TEXT);
  CREATE TABLE IF NOT EXISTS history (id INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT);
  CREATE TABLE IF NOT EXISTS backups (name TEXT PRIMARY KEY, data TEXT);
`

function facts(
  operation: string,
  kind: TransactionRecord['kind'],
  label: string | undefined,
  details: TransactionRecord['details'],
): Omit<TransactionRecord, 'success'> {
  const timestamp = new Date().toISOString()
  return {
    timestamp,
    operation,
    pid: process.pid,
    details,
    kind,
    host: hostname(),
    ...(label === undefined ? {} : { label }),
  }
}
