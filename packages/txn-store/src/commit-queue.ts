import { errorCode } from '@holdfast/atomic-file'
import { Batch } from './batch.js'
import type { DraftChange } from './document/draft.js'
import { StateLockError, StateReadError } from './errors.js'
import type { CommitEntry, Committed, DocumentStorage, StorageSession, StoredDocument } from './storage.js'

/** One transaction that waits for its turn. */
export interface Job {
  readonly operation: string
  readonly label: string | undefined
  readonly kind: 'commit' | 'restore'
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  /** Whether it can do without the document as it is, because it replaces all of it. */
  readonly replacesAll: boolean
  readonly details?: Readonly<Record<string, unknown>>
  /** Finds out the change. Whatever it throws rolls back and goes to the caller. */
  run(base: StoredDocument): Promise<DraftChange>
  /** Called once: with the commit (`undefined` when nothing changed), or with what went wrong. */
  succeed(committed: Committed | undefined, data: StoredDocument['data']): void
  fail(error: unknown): void
}

export interface QueueOptions {
  /** The document, for messages. */
  readonly path: string
  readonly logUnchanged: boolean
  readonly onWarning: (error: unknown) => void
}

interface Waiting {
  readonly job: Job
  readonly enqueuedAt: number
  timer: NodeJS.Timeout | undefined
  onAbort: (() => void) | undefined
}

/**
 * Takes transactions of one process in their order and commits those together that wait together: one turn at the lock and one write for all of them. Each
 * sees what those before it did; one that fails takes nothing of the others with it.
 */
export class CommitQueue {
  readonly #storage: () => Promise<DocumentStorage>
  readonly #options: QueueOptions
  readonly #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #acquiring: { readonly controller: AbortController; readonly until: number } | undefined
  #openSince: { readonly operation: string; readonly at: number } | undefined

  constructor(storage: () => Promise<DocumentStorage>, options: QueueOptions) {
    this.#storage = storage
    this.#options = options
  }

  add(job: Job): void {
    const waiting: Waiting = { job, enqueuedAt: performance.now(), timer: undefined, onAbort: undefined }
    const { signal, timeoutMs } = job
    if (signal?.aborted) {
      job.fail(signal.reason)
      return
    }
    if (timeoutMs <= MAX_TIMER_MS) waiting.timer = setTimeout(() => this.#giveUp(waiting), timeoutMs)
    waiting.onAbort = () => this.#drop(waiting, signal?.reason)
    signal?.addEventListener('abort', waiting.onAbort, { once: true })
    this.#waiting.push(waiting)
    this.#draining ??= this.#drain()
  }

  /** Whether a transaction waits or is under way. */
  get isBusy(): boolean {
    return this.#draining !== undefined
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  async #drain(): Promise<void> {
    // Those that are added in the same moment belong to the first turn.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const session = await this.#acquire()
      if (session === undefined) continue
      try {
        await this.#takeTurn(session)
      } catch (error) {
        this.#failAll(error)
      } finally {
        await this.#release(session)
      }
    }
    // Without a turn of the event loop since the queue was seen empty, so that nobody is added to a drain that is over.
    this.#draining = undefined
  }

  /** What cannot be released is no longer held when the process ends; the transactions have had their answers. */
  async #release(session: StorageSession): Promise<void> {
    try {
      await session.release()
    } catch (error) {
      this.#options.onWarning(error)
    }
  }

  async #acquire(): Promise<StorageSession | undefined> {
    const now = performance.now()
    const waits = this.#waiting.map(({ job, enqueuedAt }) => enqueuedAt + job.timeoutMs - now)
    const acquiring = new AbortController()
    this.#acquiring = { controller: acquiring, until: now + Math.min(...waits) }
    try {
      const storage = await this.#storage()
      return await storage.acquire({
        timeoutMs: Math.max(0, Math.ceil(Math.min(...waits))),
        signal: acquiring.signal,
      })
    } catch (error) {
      // Called off because nobody waited any more: that is no answer for those who came since.
      if (acquiring.signal.aborted) return undefined
      // Those whose time is not up go on waiting; any other error is everybody's.
      const isTimeUp = error instanceof StateLockError && TIME_UP.has(errorCode(error.cause) ?? '')
      const failed = this.#waiting.filter(
        ({ job, enqueuedAt }) => !isTimeUp || performance.now() - enqueuedAt >= job.timeoutMs - 1,
      )
      for (const waiting of failed) this.#drop(waiting, error)
      return undefined
    } finally {
      this.#acquiring = undefined
    }
  }

  async #takeTurn(session: StorageSession): Promise<void> {
    let damage: unknown
    let head: StoredDocument
    try {
      head = await session.read()
    } catch (error) {
      if (!(error instanceof StateReadError)) return this.#failAll(error)
      damage = error
      head = { data: {}, exists: false }
    }
    const batch = new Batch(session)
    const started = performance.now()
    while (performance.now() - started < MAX_TURN_MS && batch.size < MAX_BATCH) {
      const job = this.#next()
      if (job === undefined) break
      if (damage !== undefined && !job.replacesAll) {
        job.fail(damage)
        continue
      }
      const done = await this.#run(job, head, batch, damage !== undefined)
      if (done !== undefined) {
        head = { data: done.data, exists: true }
        damage = undefined
      } else if (batch.hasFailed) break
      // It is told at once: what the document is from then on must not be measured by what this turn has read.
      if (job.kind === 'restore') break
    }
    await batch.flush()
  }

  /** Runs one transaction on what those before it left. `undefined` when it changed nothing. */
  async #run(
    job: Job,
    head: StoredDocument,
    batch: Batch,
    isDamaged: boolean,
  ): Promise<{ readonly data: StoredDocument['data'] } | undefined> {
    // What a restore replaces is kept as a backup: that must be what the one before it has left.
    if (job.kind === 'restore') await batch.flush()
    const startedAt = Date.now()
    const started = performance.now()
    this.#openSince = { operation: job.operation, at: started }
    const running = untilAborted(job.run(head), job.signal)
    // Those that are done must not wait for the disk until a slow one is.
    if (batch.size > 0 && !(await isSettledSoon(running))) await Promise.allSettled([batch.flush(), running])
    const { operation, label, details } = job
    const facts = (): Pick<CommitEntry, 'operation' | 'label' | 'startedAt' | 'durationMs'> => ({
      operation,
      label,
      startedAt,
      durationMs: performance.now() - started,
    })
    try {
      const { data, patch } = await running
      if (batch.hasFailed) throw batch.failure
      // What cannot be read is replaced also by what an absent document counts as.
      if (patch.length === 0 && !isDamaged && !(job.replacesAll && head.isOutdated)) {
        if (this.#options.logUnchanged) batch.note({ kind: 'unchanged', ...facts(), details: details ?? {} })
        batch.addUnchanged(job, data)
        return undefined
      }
      job.signal?.throwIfAborted()
      batch.add(job, { kind: job.kind, ...facts(), patch, ...(details === undefined ? {} : { details }) }, data)
      if (job.kind === 'restore') await batch.flush()
      return { data }
    } catch (error) {
      const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
      batch.note({ kind: 'rollback', ...facts(), details: { error: message.slice(0, MAX_ERROR_LENGTH) } })
      batch.addFailed(job, error)
      return undefined
    } finally {
      this.#openSince = undefined
    }
  }

  #next(): Job | undefined {
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) this.#settle(waiting)
    return waiting?.job
  }

  #failAll(error: unknown): void {
    for (const waiting of [...this.#waiting]) this.#drop(waiting, error)
  }

  #giveUp(waiting: Waiting): void {
    const until = this.#acquiring?.until
    // When the wait for the lock ends now, too, its own error says more: who holds it.
    if (until !== undefined && until <= performance.now() + LOOK_AGAIN_MS) {
      waiting.timer = setTimeout(() => this.#giveUp(waiting), LOOK_AGAIN_MS)
      return
    }
    this.#drop(waiting, until === undefined ? this.#ownTransactionOpen(waiting.job) : this.#lockHeld(waiting.job))
  }

  #ownTransactionOpen({ operation, timeoutMs }: Job): StateLockError {
    const { path } = this.#options
    const open = this.#openSince
    const since =
      open === undefined ? '' : `: '${open.operation}' has been open for ${Math.round(performance.now() - open.at)} ms`
    return new StateLockError(
      `Cannot begin '${operation}' on '${path}' within ${timeoutMs} ms, because another transaction of this process is not over${since}`,
      { path, hint: 'Keep slow work out of transactions, or raise lockTimeoutMs' },
    )
  }

  #lockHeld({ operation, timeoutMs }: Job): StateLockError {
    const { path } = this.#options
    return new StateLockError(
      `Cannot begin '${operation}' on '${path}' within ${timeoutMs} ms, because somebody else holds the lock`,
      { path, hint: `The lock file '${path}.lock' says who; wait until it is released, or raise lockTimeoutMs` },
    )
  }

  #drop(waiting: Waiting, error: unknown): void {
    const index = this.#waiting.indexOf(waiting)
    if (index === -1) return
    this.#waiting.splice(index, 1)
    this.#settle(waiting)
    waiting.job.fail(error)
    if (this.#waiting.length === 0) this.#acquiring?.controller.abort(error)
  }

  #settle({ timer, onAbort, job }: Waiting): void {
    clearTimeout(timer)
    if (onAbort !== undefined) job.signal?.removeEventListener('abort', onAbort)
  }
}

const TIME_UP: ReadonlySet<string> = new Set(['ERR_LOCK_EXISTS', 'ERR_LOCK_TIMEOUT'])
/** The longest time a timer of Node can wait. */
const MAX_TIMER_MS = 2 ** 31 - 1
/** So that other processes get their turn soon. */
const MAX_TURN_MS = 25
/** Between two looks at whether the wait for the lock has ended. */
const LOOK_AGAIN_MS = 20
const MAX_BATCH = 256
const MAX_ERROR_LENGTH = 500

/** A callback that hears nothing of the signal must not keep everybody else from their turn: what it comes to is of no use any more. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  // The work has begun already.
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Whether the work is over before the event loop turns: then there was nothing to wait for. */
function isSettledSoon(work: Promise<unknown>): Promise<boolean> {
  const settled = work.then(
    () => true,
    () => true,
  )
  return Promise.race([settled, new Promise<boolean>((resolve) => setImmediate(resolve, false))])
}
