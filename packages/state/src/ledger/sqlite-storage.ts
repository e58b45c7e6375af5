/**
 * The ledger as an SQLite database, in WAL mode with full sync: a commit that was acknowledged survives a power failure. Writers of all processes take turns
 * at `<path>.lock`, because SQLite's own waiting is not fair; readers wait for nobody. A crash leaves the last commit; SQLite repairs the rest when it is
 * opened next. Owns `<path>`, `<path>-wal`, `<path>-shm` and `<path>.lock`.
 */
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { StateLockError } from '@holdfast/txn-store'
import { messageOf, StateCorruptionError, StateReadError, StateWriteError } from '../errors.js'
import { makeFolderOf, type StateDeps } from '../file-io.js'
import type { StateLogger } from '../logger.js'
import { prepareDatabase } from './sqlite-schema.js'
import { SqliteView } from './sqlite-view.js'
import { pathExists } from './staleness.js'
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
  #isClosed = false

  private constructor(path: string, database: DatabaseSync, options: SqliteStorageOptions) {
    this.path = path
    this.#database = database
    this.#view = new SqliteView(database)
    this.#options = options
  }

  /** @throws StateCorruptionError, StateReadError, StateWriteError, LedgerVersionError */
  static async open(path: string, options: SqliteStorageOptions, deps: StateDeps): Promise<SqliteStorage> {
    const absolute = resolve(path)
    if (!options.readOnly) await makeFolderOf(absolute, deps)
    return translate(absolute, 'read', () => {
      // Who may not write must not make a file either.
      const isMissing = options.readOnly && !pathExists(absolute)
      const database = new DatabaseSync(isMissing ? ':memory:' : absolute, { timeout: BUSY_TIMEOUT_MS })
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
    // One transaction, so that all the work sees is of one commit.
    this.#exec('BEGIN', 'read')
    try {
      return work(this.#view)
    } finally {
      this.#exec('COMMIT', 'read')
    }
  }

  async acquire({ timeoutMs, signal }: Parameters<LedgerStorage['acquire']>[0]): Promise<LedgerSession> {
    const lock = await takeLedgerLock(this.path, { timeoutMs, ...(signal === undefined ? {} : { signal }) })
    return {
      view: this.#view,
      commit: async (changes) => this.#commit(changes),
      release: async () => this.#release(lock),
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#database.close()
  }

  #commit(changes: readonly LedgerChange[]): void {
    translate(this.path, 'write', () => {
      this.#database.exec('BEGIN IMMEDIATE')
      try {
        for (const change of changes) this.#view.apply(change)
        this.#database.exec('COMMIT')
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
        throw error
      }
    })
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

/** Gives SQLite's errors the classes of this package. */
function translate<R>(path: string, action: 'read' | 'write', work: () => R): R {
  try {
    return work()
  } catch (error) {
    if (errorCode(error) !== 'ERR_SQLITE_ERROR') throw error
    const number = (error as { readonly errcode?: unknown }).errcode
    if (DAMAGE.has(Number(number) & 0xff)) {
      throw new StateCorruptionError({
        path,
        reason: messageOf(error),
        bytesPath: path,
        hint: `Keep the file, and put a good copy in its place, or save what can be read: sqlite3 '${path}' .recover`,
      })
    }
    throw action === 'read' ? new StateReadError(path, error) : new StateWriteError(path, error)
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<number> = new Set([11, 26])
