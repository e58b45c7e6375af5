import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { LockExistsError } from '@holdfast/lock'
import type { Commit, CommitOutcome } from '../driver/driver.js'
import { KvUnavailableError } from '../errors.js'
import { applyCommit } from './apply-commit.js'
import type { Database, Statements } from './database.js'
import type { Gate } from './gate.js'
import { sqliteTrouble, unavailable } from './sqlite-error.js'

interface Job {
  readonly commit: Commit
  readonly enqueuedMs: number
  readonly resolve: (outcome: CommitOutcome) => void
  readonly reject: (error: unknown) => void
}

/** Commits that share one transaction, and so one sync; more would let a single transaction grow without bound. */
const MAX_JOBS = 1000
const SWEEP_EVERY_MS = 100
const SWEEP_ROWS = 500

/** What the writer needs from its driver. */
export interface WriterHost {
  /** The database to write to; throws when the store cannot be used any more. */
  database(): Database
  /** Turns a failure of SQLite into the error for the callers; called under the gate. */
  explain(error: unknown, isCommitting: boolean): unknown
  readonly path: string
  readonly timeoutMs: number
}

/**
 * Makes commits durable: those that are waiting when the gate opens share one transaction and one sync, and each is told its own outcome. A
 * failure of the transaction is told to all of them, and none has happened.
 */
export class Writer {
  readonly #host: WriterHost
  readonly #gate: Gate
  #queue: Job[] = []
  #draining: Promise<void> | undefined
  #sweptMs = 0

  constructor(host: WriterHost, gate: Gate) {
    this.#host = host
    this.#gate = gate
  }

  submit(commit: Commit, signal: AbortSignal | undefined): Promise<CommitOutcome> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const callOff = (): void => this.#callOff(job, signal?.reason)
      const settled = (): void => signal?.removeEventListener('abort', callOff)
      const job: Job = {
        commit,
        enqueuedMs: performance.now(),
        resolve: (outcome) => {
          settled()
          resolve(outcome)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      }
      signal?.addEventListener('abort', callOff, { once: true })
      this.#queue.push(job)
      this.#draining ??= this.#drain()
    })
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  /** Only what waits can be called off: a transaction takes no time anybody could use. */
  #callOff(job: Job, reason: unknown): void {
    const index = this.#queue.indexOf(job)
    if (index < 0) return
    this.#queue.splice(index, 1)
    job.reject(reason)
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      try {
        await this.#round()
      } catch (error) {
        this.#rejectOverdue(error)
      }
    }
    this.#draining = undefined
  }

  async #round(): Promise<void> {
    // Reads are answered at once, so whoever is about to write after a few of them gets to the queue within this turn, and shares the sync.
    await nextTurn()
    if (this.#queue.length === 0) return
    const leave = await this.#gate.enter(this.#msLeft())
    let settle = (): void => undefined
    try {
      const begun = await this.#begin()
      if (begun === undefined) return
      const jobs = this.#queue.splice(0, MAX_JOBS)
      settle = 'failure' in begun ? refuse(jobs, begun.failure) : this.#transact(begun, jobs)
    } finally {
      leave()
    }
    settle()
  }

  /**
   * Starts a transaction; somebody outside the gate, such as the sqlite3 shell, may be in the way for a while. `undefined` when all who waited have
   * called off or were told that it took too long.
   */
  async #begin(): Promise<Database | { readonly failure: unknown } | undefined> {
    while (this.#queue.length > 0) {
      try {
        const database = this.#host.database()
        database.statements.begin.run()
        return database
      } catch (error) {
        const failure = this.#host.explain(error, false) ?? error
        if (sqliteTrouble(error) !== 'busy') return { failure }
        if (this.#msLeft() <= 0) this.#refuseOverdue(failure)
      }
      await sleep(5)
    }
    return undefined
  }

  #transact({ statements, clock }: Database, jobs: readonly Job[]): () => void {
    let isCommitting = false
    try {
      const nowMs = clock.nowMs()
      const before = Number(statements.readStore.get()?.['version'])
      let version = before
      const outcomes = jobs.map(({ commit }) => {
        const outcome = applyCommit(statements, commit, version + 1, nowMs)
        if (outcome.status === 'done') version += 1
        return outcome
      })
      const swept = this.#sweep(statements, nowMs)
      if (version > before || swept) {
        statements.writeStore.run(version, nowMs)
        isCommitting = true
        statements.commit.run()
      } else statements.rollback.run()
      return () =>
        jobs.forEach((job, index) => {
          settleJob(job, outcomes[index])
        })
    } catch (error) {
      try {
        statements.rollback.run()
      } catch {
        // SQLite has rolled back by itself.
      }
      return refuse(jobs, this.#host.explain(error, isCommitting) ?? error)
    }
  }

  /** Removes some of what has expired, so that it goes away as fast as it comes. */
  #sweep(statements: Statements, nowMs: number): boolean {
    if (Math.abs(nowMs - this.#sweptMs) < SWEEP_EVERY_MS) return false
    this.#sweptMs = nowMs
    const removed = Number(statements.removeExpired.run(nowMs, SWEEP_ROWS).changes)
    if (removed > 0) statements.giveBack.all()
    return removed > 0
  }

  #msLeft(): number {
    const oldest = this.#queue[0]?.enqueuedMs ?? performance.now()
    return oldest + this.#host.timeoutMs - performance.now()
  }

  /** The gate stayed closed: those who waited long enough are told, the others go on waiting. */
  #rejectOverdue(error: unknown): void {
    if (error instanceof LockExistsError) this.#refuseOverdue(unavailable('busy', this.#host.path, error, false))
    else refuse(this.#queue.splice(0), gateError(error, this.#host.path))()
  }

  #refuseOverdue(error: unknown): void {
    const deadline = performance.now() - this.#host.timeoutMs + 1
    const overdue = this.#queue.filter(({ enqueuedMs }) => enqueuedMs <= deadline)
    this.#queue = this.#queue.filter(({ enqueuedMs }) => enqueuedMs > deadline)
    refuse(overdue, error)()
  }
}

function gateError(error: unknown, location: string): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_LOCK_FILE')) return error
  return new KvUnavailableError(`Could not use the lock in front of the database '${location}': ${error.message}`, {
    backend: 'sqlite',
    reason: 'refused',
    outcome: 'not-applied',
    location,
    hint: 'Check that the folder can be written and has room',
    cause: error,
  })
}

function settleJob(job: Job, outcome: CommitOutcome | undefined): void {
  if (outcome === undefined) job.reject(new Error('A commit got no outcome'))
  else job.resolve(outcome)
}

function refuse(jobs: readonly Job[], error: unknown): () => void {
  return () => {
    for (const job of jobs) job.reject(error)
  }
}
