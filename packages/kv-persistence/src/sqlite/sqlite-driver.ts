import type { ClockDeps } from '../driver/clock.js'
import { CommitListeners } from '../driver/commit-listeners.js'
import type { Commit, CommitOutcome, KvDriver, PageQuery, StoredEntry } from '../driver/driver.js'
import { KvCorruptError, KvUnavailableError } from '../errors.js'
import { findRow, payloadOf } from './apply-commit.js'
import { DamagedDatabase, type Database, ForeignDatabase, openDatabase } from './database.js'
import { Gate } from './gate.js'
import { currentGeneration, isSuperseded, nextGeneration } from './generation.js'
import { filesLost, sqliteTrouble, unavailable } from './sqlite-error.js'
import { Writer, type WriterHost } from './writer.js'

export interface SqliteDriverOptions {
  /** Absolute. */
  readonly path: string
  readonly timeoutMs: number
  readonly sweepIntervalMs: number
}

/** Between two transactions that only sweep, so that others get a turn. */
const SWEEP_PAUSE_MS = 200

/** One database file for many processes. Calls of SQLite are synchronous; only waiting for other processes is not. */
export class SqliteDriver implements KvDriver, WriterHost {
  readonly backend = 'sqlite'
  readonly watchIntervalMs = 100
  readonly path: string
  readonly timeoutMs: number
  readonly #options: SqliteDriverOptions
  readonly #clock: ClockDeps
  readonly #gate: Gate
  readonly #listeners: CommitListeners = new CommitListeners()
  readonly #writer: Writer
  readonly #timer: NodeJS.Timeout
  #database: Database
  #broken: KvCorruptError | undefined

  private constructor(database: Database, options: SqliteDriverOptions, clock: ClockDeps, gate: Gate) {
    this.#database = database
    this.#options = options
    this.#clock = clock
    this.#gate = gate
    this.path = database.path
    this.timeoutMs = options.timeoutMs
    this.#writer = new Writer(this, gate)
    this.#timer = setInterval(() => this.#sweepWhenIdle(), options.sweepIntervalMs)
    this.#timer.unref()
  }

  /** Makes the database if there is none. A damaged one is set aside: KvCorruptError, and the next open succeeds. */
  static async open(options: SqliteDriverOptions, clock: ClockDeps): Promise<SqliteDriver> {
    const { path, timeoutMs } = options
    const gate = new Gate(`${path}.lock`)
    const leave = await enter(gate, path, timeoutMs)
    let driver: SqliteDriver | undefined
    try {
      const generation = currentGeneration(path)
      try {
        driver = new SqliteDriver(openDatabase(generation, clock), options, clock, gate)
        return driver
      } catch (error) {
        throw explainOpening(error, path, generation, clock)
      }
    } finally {
      leave()
      if (driver === undefined) gate.close()
    }
  }

  get location(): string {
    return this.path
  }

  database(): Database {
    if (this.#broken === undefined && isSuperseded(this.#options.path, this.path)) {
      const successor = nextGeneration(this.#options.path, this.path)
      this.#broken = new KvCorruptError(this.path, successor, 'another process found it damaged')
    }
    if (this.#broken !== undefined) throw this.#broken
    const lost = this.#database.files.findLost()
    if (lost !== undefined) throw filesLost(this.path, lost)
    return this.#database
  }

  explain(error: unknown, isCommitting: boolean): unknown {
    const trouble = sqliteTrouble(error)
    if (trouble === undefined) return undefined
    if (trouble !== 'damaged') return unavailable(trouble, this.path, error, isCommitting)
    this.#broken ??= setAside(this.#options.path, this.path, this.#clock, error)
    return this.#broken
  }

  async read(keys: readonly string[], signal?: AbortSignal): Promise<readonly (StoredEntry | undefined)[]> {
    signal?.throwIfAborted()
    return this.#reading(({ statements, clock }) => {
      const nowMs = clock.nowMs()
      const find = (key: string): StoredEntry | undefined => {
        const row = findRow(statements, key, nowMs)
        return row === undefined ? undefined : { key, version: row.version, payload: row.payload }
      }
      if (keys.length === 1) return keys.map(find)
      statements.beginRead.run()
      try {
        return keys.map(find)
      } finally {
        statements.commit.run()
      }
    })
  }

  async commit(commit: Commit, signal?: AbortSignal): Promise<CommitOutcome> {
    const outcome = await this.#writer.submit(commit, signal)
    if (outcome.status === 'done') this.#listeners.tell(commit.changes)
    return outcome
  }

  async page({ start, end, limit }: PageQuery, signal?: AbortSignal): Promise<readonly StoredEntry[]> {
    signal?.throwIfAborted()
    return this.#reading(({ statements, clock }) => {
      const nowMs = clock.nowMs()
      const rows =
        end === undefined
          ? statements.pageToEnd.all(start, nowMs, limit)
          : statements.page.all(start, end, nowMs, limit)
      return rows.map((row) => ({
        key: String(row['key']),
        version: Number(row['version']),
        payload: payloadOf(row['value']),
      }))
    })
  }

  async timeLeft(key: string, signal?: AbortSignal): Promise<number | undefined> {
    signal?.throwIfAborted()
    return this.#reading(({ statements, clock }) => {
      const nowMs = clock.nowMs()
      const row = findRow(statements, key, nowMs)
      if (row === undefined) return undefined
      return row.expiresAt === null ? Number.POSITIVE_INFINITY : row.expiresAt - nowMs
    })
  }

  async now(): Promise<number> {
    return this.database().clock.nowMs()
  }

  onCommit(listener: (keys: readonly string[]) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writer.idle()
    this.#gate.close()
    this.#database.close()
  }

  async #reading<T>(work: (database: Database) => T): Promise<T> {
    for (const started = performance.now(); ; ) {
      try {
        return work(this.database())
      } catch (error) {
        const trouble = sqliteTrouble(error)
        if (trouble === 'damaged') throw await this.#setAsideUnderGate(error)
        // A reader is busy only while somebody recovers or closes the log.
        if (trouble !== 'busy' || performance.now() - started > this.timeoutMs) {
          throw trouble === undefined ? error : unavailable(trouble, this.path, error, false)
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async #setAsideUnderGate(error: unknown): Promise<unknown> {
    const leave = await enter(this.#gate, this.path, this.timeoutMs)
    try {
      return this.explain(error, false)
    } finally {
      leave()
    }
  }

  /** What expires while nobody writes goes away as well. A failure here is one that the next call meets and tells. */
  #sweepWhenIdle(): void {
    try {
      const { statements, clock } = this.database()
      if (statements.findExpired.get(clock.nowMs()) === undefined) return
    } catch {
      return
    }
    const again = (): void => {
      setTimeout(() => this.#sweepWhenIdle(), SWEEP_PAUSE_MS).unref()
    }
    this.#writer.submit({ checks: [], changes: [] }, undefined).then(again, () => undefined)
  }
}

async function enter(gate: Gate, path: string, timeoutMs: number): ReturnType<Gate['enter']> {
  try {
    return await gate.enter(timeoutMs)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code !== 'ERR_LOCK_TIMEOUT' && code !== 'ERR_LOCK_FILE') throw cause
    throw unavailable(code === 'ERR_LOCK_TIMEOUT' ? 'busy' : 'refused', path, cause, false)
  }
}

function explainOpening(error: unknown, path: string, generation: string, clock: ClockDeps): unknown {
  if (error instanceof ForeignDatabase) {
    return new KvUnavailableError(`Could not use the database '${generation}': ${error.message}`, {
      backend: 'sqlite',
      reason: 'refused',
      outcome: 'not-applied',
      location: generation,
      hint: 'Give the store a path of its own',
    })
  }
  const trouble = error instanceof DamagedDatabase ? 'damaged' : sqliteTrouble(error)
  if (trouble === undefined) return error
  if (trouble === 'damaged') return setAside(path, generation, clock, error)
  return unavailable(trouble, generation, error, false)
}

/** Makes the successor; under the gate. */
function setAside(path: string, generation: string, clock: ClockDeps, cause: unknown): KvCorruptError {
  const problem = cause instanceof Error ? cause.message : String(cause)
  const successor = nextGeneration(path, generation)
  try {
    openDatabase(successor, clock).close()
  } catch {
    return new KvCorruptError(generation, undefined, problem, { cause })
  }
  return new KvCorruptError(generation, successor, problem, { cause })
}
