/**
 * The ledger as an SQLite database, in WAL mode with full sync: a commit that was acknowledged survives a power failure. Writers of all processes take turns
 * at `<path>.lock`, because SQLite's own waiting is not fair; readers wait for nobody. A crash leaves the last commit; SQLite repairs the rest when it is
 * opened next. Owns `<path>`, `<path>-wal`, `<path>-shm` and `<path>.lock`.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { StateLockError } from '@holdfast/txn-store'
import { messageOf, StateWriteError } from '../errors.js'
import { makeFolderOf, type StateDeps } from '../file-io.js'
import type { StateLogger } from '../logger.js'
import { openDatabaseForReading } from './open-database.js'
import { translate } from './sqlite-errors.js'
import { prepareDatabase } from './sqlite-schema.js'
import { SqliteView } from './sqlite-view.js'
import type { LedgerChange, LedgerSession, LedgerStorage, LedgerView } from './storage.js'

export interface SqliteStorageOptions {
  readonly readOnly: boolean
  readonly logger: StateLogger
}

export class SqliteStorage implements LedgerStorage {
  readonly kind = 'sqlite'
  readonly path: string
  readonly #database: DatabaseSync
  readonly #view: SqliteView
  readonly #options: SqliteStorageOptions
  /** That of the file when it was opened. */
  readonly #inode: number | undefined
  #isClosed = false

  private constructor(path: string, database: DatabaseSync, options: SqliteStorageOptions) {
    this.path = path
    this.#database = database
    this.#view = new SqliteView(database, path)
    this.#options = options
    this.#inode = inodeOf(path)
  }

  /** @throws StateCorruptionError, StateReadError, StateWriteError, LedgerVersionError */
  static async open(path: string, options: SqliteStorageOptions, deps: StateDeps): Promise<SqliteStorage> {
    const absolute = resolve(path)
    if (!options.readOnly) await makeFolderOf(absolute, deps)
    return translate(absolute, 'read', () => {
      const database = options.readOnly
        ? openDatabaseForReading(absolute, BUSY_TIMEOUT_MS)
        : new DatabaseSync(absolute, { timeout: BUSY_TIMEOUT_MS })
      try {
        prepareDatabase(database, absolute)
        return new SqliteStorage(absolute, database, options)
      } catch (error) {
        database.close()
        throw error
      }
    })
  }

  async read<R>(work: (view: LedgerView) => R): Promise<R> {
    // A session has a transaction open; nothing is changed in that before it is committed at once.
    if (this.#database.isTransaction) return work(this.#view)
    // One transaction, so that all the work sees is of one commit.
    this.#exec('BEGIN', 'read')
    try {
      return work(this.#view)
    } finally {
      this.#rollback()
    }
  }

  /** The session is one transaction of SQLite, so that nobody commits in between even if somebody deletes the lock file. */
  async acquire({ timeoutMs, signal }: Parameters<LedgerStorage['acquire']>[0]): Promise<LedgerSession> {
    const lock = await takeLedgerLock(this.path, { timeoutMs, ...(signal === undefined ? {} : { signal }) })
    try {
      this.#exec('BEGIN IMMEDIATE', 'write')
    } catch (error) {
      await this.#release(lock)
      throw error
    }
    return {
      view: this.#view,
      commit: async (changes) => this.#commit(changes),
      release: async () => {
        this.#rollback()
        await this.#release(lock)
      },
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#database.close()
  }

  #commit(changes: readonly LedgerChange[]): void {
    translate(this.path, 'write', () => {
      try {
        for (const change of changes) this.#view.apply(change)
        this.#assertInPlace()
        this.#database.exec('COMMIT')
      } catch (error) {
        this.#rollback()
        throw error
      }
    })
  }

  /** What is written to a file that has no name any more is lost when the last program closes it. */
  #assertInPlace(): void {
    if (inodeOf(this.path) === this.#inode) return
    throw new StateWriteError(this.path, new Error('the file was removed or replaced while it was open; open it again'))
  }

  /** Some errors have ended the transaction already. */
  #rollback(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#exec('ROLLBACK', 'read')
  }

  async #release(lock: FileLock): Promise<void> {
    try {
      await lock.release()
    } catch (error) {
      this.#options.logger.warn(`${this.path}: ${messageOf(error)}`)
    }
  }

  #exec(sql: string, action: 'read' | 'write'): void {
    translate(this.path, action, () => this.#database.exec(sql))
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

const BUSY_TIMEOUT_MS = 10_000

/** The right to change the ledger at a path, whatever its storage. @throws StateLockError */
export async function takeLedgerLock(
  path: string,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<FileLock> {
  try {
    return await FileLock.acquire(`${path}.lock`, options)
  } catch (error) {
    if (errorCode(error)?.startsWith('ERR_LOCK') !== true) throw error
    throw new StateLockError(`Cannot change '${path}': ${messageOf(error)}`, { path, cause: error })
  }
}
