import type { FailureSet } from './failure-set.js'
import { checkedRun, runSet, sortedRuns } from './run-numbers.js'

export interface StartBatchOptions {
  /**
   * The runs this batch covers: those it is going to process, and any that the destination holds already, which count as finished from the
   * start, as after a kill between the arrival of a run and its record. A run of the source that the batch leaves out must be in the destination,
   * in the failure log, or above every run of the batch; otherwise `lastAttemptedRun` passes it. Retries of logged failures are exempt: they
   * never move that counter.
   */
  readonly runs: Iterable<number>
  /** The runs the destination holds already. */
  readonly destination: Iterable<number>
}

/** The counters and failures as they should be on disk; a batch changes them and asks for a commit. */
export interface ProgressInMemory {
  lastContiguousRun: number
  lastAttemptedRun: number
  failures: FailureSet
}

/** What a batch needs of the progress it belongs to. */
export interface BatchOwner {
  readonly progress: ProgressInMemory
  /** Throws when the batch may no longer change the progress. */
  assertCurrent(batch: RunBatch): void
  commit(): Promise<void>
}

type RunStatus = 'waiting' | 'started' | 'succeeded' | 'failed'

/** Progress through the runs of one batch, made by `RunProgress.startBatch`. Outcomes may come in any order and at the same time. */
export class RunBatch {
  /** Ascending, without duplicates. */
  readonly runs: readonly number[]
  readonly #status: Map<number, RunStatus>
  readonly #destination: ReadonlySet<number>
  readonly #retries: ReadonlySet<number>
  readonly #lowestRun: number | undefined
  readonly #owner: BatchOwner
  #finishedRuns = 0

  /** @internal */
  constructor(options: StartBatchOptions, owner: BatchOwner) {
    const { failures } = owner.progress
    this.runs = Object.freeze(sortedRuns(options.runs, 'the batch'))
    this.#destination = runSet(options.destination, 'the destination')
    this.#status = new Map(this.runs.map((run) => [run, 'waiting']))
    this.#retries = new Set(this.runs.filter((run) => failures.has(run)))
    this.#owner = owner
    this.#lowestRun = lowestOf([this.#destination, this.runs, failures.sorted()])
    this.#advance()
  }

  /** Started and not finished, ascending. */
  get inFlight(): readonly number[] {
    return this.runs.filter((run) => this.#status.get(run) === 'started')
  }

  /** Notes that a worker has begun a run. Nothing is written: a run that is not finished is taken up again after a kill in any case. */
  started(run: number): void {
    const status = this.#statusOf(run)
    if (status === 'succeeded' || status === 'failed') throw new Error(`Run ${run} has ${status} already`)
    this.#status.set(run, 'started')
  }

  /**
   * Records that the destination durably holds the run, and takes it out of the failure log. Resolves when what follows from it is durable.
   *
   * @throws StateWriteError when it could not be written; the outcome is kept in memory and goes with the next commit.
   */
  async succeeded(run: number): Promise<void> {
    await this.#finish(run, 'succeeded')
  }

  /** Records that the run failed. Resolves when it is durably in the failure log. Errors as {@link succeeded}. */
  async failed(run: number): Promise<void> {
    await this.#finish(run, 'failed')
  }

  async #finish(run: number, outcome: 'succeeded' | 'failed'): Promise<void> {
    const status = this.#statusOf(run)
    if ((status === 'succeeded' || status === 'failed') && status !== outcome) {
      throw new Error(`Run ${run} has ${status} already`)
    }
    this.#owner.assertCurrent(this)
    this.#status.set(run, outcome)
    const { failures } = this.#owner.progress
    if (outcome === 'failed') failures.add(run)
    else failures.delete(run)
    this.#advance()
    await this.#owner.commit()
  }

  #statusOf(run: number): RunStatus {
    const status = this.#status.get(checkedRun(run, 'the batch'))
    if (status === undefined) throw new RangeError(`Run ${run} is not in the batch`)
    return status
  }

  #advance(): void {
    const { progress } = this.#owner
    // A run in flight holds the counter back, so that a kill never leaves an unfinished run below it.
    for (let run = this.runs[this.#finishedRuns]; run !== undefined; run = this.runs[this.#finishedRuns]) {
      if (!this.#isFinished(run)) break
      // Below a retried run there may be runs that a killed execution never finished; only new runs say that there are none.
      if (!this.#retries.has(run)) progress.lastAttemptedRun = Math.max(progress.lastAttemptedRun, run)
      this.#finishedRuns += 1
    }
    if (progress.lastContiguousRun === 0) progress.lastContiguousRun = this.#startOfSequence()
    while (this.#isHeld(progress.lastContiguousRun + 1)) progress.lastContiguousRun += 1
  }

  /** Where the unbroken sequence begins when none has begun yet: the lowest known run, once it is held; else 0. */
  #startOfSequence(): number {
    const lowest = this.#lowestRun
    if (lowest === undefined || !this.#isHeld(lowest)) return 0
    const hasNewRuns = this.runs.length > this.#retries.size
    return hasNewRuns || lowest <= this.#owner.progress.lastAttemptedRun ? lowest : 0
  }

  #isHeld(run: number): boolean {
    const status = this.#status.get(run) ?? 'waiting'
    if (status !== 'waiting') return status === 'succeeded'
    return this.#destination.has(run) && !this.#owner.progress.failures.has(run)
  }

  #isFinished(run: number): boolean {
    return this.#status.get(run) === 'failed' || this.#isHeld(run)
  }
}

function lowestOf(collections: readonly Iterable<number>[]): number | undefined {
  let lowest: number | undefined
  for (const runs of collections) for (const run of runs) if (lowest === undefined || run < lowest) lowest = run
  return lowest
}
