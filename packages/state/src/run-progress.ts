import { resolve } from 'node:path'
import { StateCorruptionError } from './errors.js'
import { FailureSet } from './failure-set.js'
import type { StateDeps } from './file-io.js'
import { GroupCommit } from './group-commit.js'
import type { StateDamage } from './load-progress.js'
import { processWarnings, type StateLogger } from './logger.js'
import { ProgressFiles, type ProgressValues } from './progress-files.js'
import { type ProgressInMemory, RunBatch, type StartBatchOptions } from './run-batch.js'
import { checkedRun, sortedRuns } from './run-numbers.js'
import type { LockWaitOptions } from './state-lock.js'

export interface RunProgressOptions extends LockWaitOptions {
  /** The JSON file with the two counters. */
  readonly stateFile: string
  /** The text file with the failed runs. */
  readonly failureLog: string
  /** @default damage becomes a process warning */
  readonly logger?: StateLogger
  /** For reports: takes no lock, changes nothing on disk, and reports damage in `damage` instead of throwing. @default false */
  readonly readOnly?: boolean
  /** For recovery: damage that no backup can mend is reported in `damage`, and only `replace` works until it has settled it. @default false */
  readonly recovering?: boolean
  /** The `hint` of a StateCorruptionError: how the operator rebuilds this stage's files. */
  readonly recoverHint?: string
}

/**
 * One stage's state file and failure log, updated together so that no kill loses a failure: a failed run is durably in the log before
 * `lastAttemptedRun` passes it, and no run in flight is ever passed. Holds `<stateFile>.lock` and `<failureLog>.lock` until it is closed; what
 * the getters tell is what is on disk.
 *
 * @example
 * await using progress = await RunProgress.open({ stateFile, failureLog })
 * const batch = await progress.startBatch({ runs, destination })
 * batch.started(101)
 * await batch.succeeded(101)
 */
export class RunProgress implements AsyncDisposable {
  readonly #files: ProgressFiles
  readonly #options: RunProgressOptions
  readonly #memory: ProgressInMemory
  readonly #commits: GroupCommit
  #batch: RunBatch | undefined
  #replacement: ProgressValues | undefined
  #closing: Promise<void> | undefined

  private constructor(options: RunProgressOptions, files: ProgressFiles) {
    this.#options = options
    this.#files = files
    this.#memory = inMemory(files.durable)
    this.#commits = new GroupCommit(() => this.#commit())
  }

  /**
   * Reads both files; missing ones count as empty, and nothing is written for them yet. A damaged state file is replaced by its backup if that
   * is good (the damaged bytes are kept). Removes temporary files that killed processes left in the folders.
   *
   * @throws StateCorruptionError when a file is damaged beyond that, or is missing after damage, so that nothing starts again from 0 unnoticed.
   * @throws StateReadError, StateWriteError; LockTimeoutError when another process holds a lock.
   */
  static async open(options: RunProgressOptions, deps: StateDeps = {}): Promise<RunProgress> {
    if (resolve(options.stateFile) === resolve(options.failureLog)) {
      throw new RangeError(`State file and failure log must be two files, got '${options.stateFile}' for both`)
    }
    const files = await ProgressFiles.open(
      {
        ...options,
        logger: options.logger ?? processWarnings,
        readOnly: options.readOnly ?? false,
        recovering: options.recovering ?? false,
        recoverHint: options.recoverHint ?? DEFAULT_RECOVER_HINT,
      },
      deps,
    )
    return new RunProgress(options, files)
  }

  /** The end of the unbroken sequence of runs that starts at the lowest one; 0 before there is any. */
  get lastContiguousRun(): number {
    return this.#files.durable.lastContiguousRun
  }

  /** Every run up to this one was attempted as far as the source held it at the time. */
  get lastAttemptedRun(): number {
    return this.#files.durable.lastAttemptedRun
  }

  /** Incremental mode takes the runs above this one. */
  get incrementalStartRun(): number {
    return Math.max(this.lastContiguousRun, this.lastAttemptedRun)
  }

  /** The failure log, ascending. */
  get failures(): readonly number[] {
    return this.#files.durable.failures
  }

  /** Damage found by `open`. */
  get damage(): readonly StateDamage[] {
    return this.#files.damage
  }

  /**
   * Begins a batch and ends the one before. `lastContiguousRun` is advanced over what the destination holds right away, also when there are no
   * runs; that is durable on return.
   *
   * @throws TypeError or RangeError for a bad run number; StateWriteError.
   */
  async startBatch(options: StartBatchOptions): Promise<RunBatch> {
    this.#assertUsable()
    const batch = new RunBatch(options, {
      progress: this.#memory,
      assertCurrent: (candidate) => this.#assertCurrent(candidate),
      commit: () => this.#commits.request(),
    })
    this.#batch = batch
    await this.#commits.request()
    return batch
  }

  /** Takes runs out of the failure log, because they were found in the destination. Durable on return. @throws StateWriteError */
  async dropFailures(runs: Iterable<number>): Promise<void> {
    this.#assertUsable()
    for (const run of sortedRuns(runs, 'the runs to drop')) this.#memory.failures.delete(run)
    await this.#commits.request()
  }

  /**
   * Replaces counters and failures, up or down, as recovery does; settles damage; ends the batch. A kill in between leaves either the old
   * counters or the new ones, with at least the failures that belong to them, and doing it again completes it. The files before are kept as
   * `<path>.before-recovery`. Durable on return.
   *
   * @throws TypeError or RangeError for a bad number; StateWriteError.
   */
  async replace(values: ProgressValues): Promise<void> {
    this.#assertOpen()
    const lastContiguousRun = checkedRun(values.lastContiguousRun, 'the last contiguous run')
    const lastAttemptedRun = checkedRun(values.lastAttemptedRun, 'the last attempted run')
    const failures = sortedRuns(values.failures, 'the failures')
    this.#batch = undefined
    this.#replacement = { lastContiguousRun, lastAttemptedRun, failures }
    await this.#commits.request()
  }

  /** Waits for the commits under way and frees the locks. Calling it again does nothing more. @throws LockLostError */
  close(): Promise<void> {
    this.#closing ??= this.#commits.idle().then(() => this.#files.close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #assertCurrent(batch: RunBatch): void {
    this.#assertUsable()
    if (batch === this.#batch) return
    throw new Error('The batch has ended: another one was started, or the state was replaced')
  }

  async #commit(): Promise<void> {
    const replacement = this.#replacement
    if (replacement === undefined) {
      const { lastContiguousRun, lastAttemptedRun, failures } = this.#memory
      return this.#files.commit({ lastContiguousRun, lastAttemptedRun, failures: failures.sorted() })
    }
    this.#replacement = undefined
    try {
      await this.#files.replace(replacement)
    } finally {
      Object.assign(this.#memory, inMemory(this.#files.durable))
    }
  }

  #assertUsable(): void {
    this.#assertOpen()
    const [damage] = this.#files.damage.filter(({ usedBackup }) => !usedBackup)
    if (damage === undefined || !this.#files.unsettled) return
    throw new StateCorruptionError({ ...damage, hint: this.#options.recoverHint ?? DEFAULT_RECOVER_HINT })
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new Error(`Run progress of '${this.#options.stateFile}' is closed`)
    if (this.#options.readOnly) throw new Error(`Run progress of '${this.#options.stateFile}' was opened read-only`)
  }
}

const DEFAULT_RECOVER_HINT = 'Rebuild the state from the stores, or put a good copy of the file back'

function inMemory({ lastContiguousRun, lastAttemptedRun, failures }: ProgressValues): ProgressInMemory {
  return { lastContiguousRun, lastAttemptedRun, failures: new FailureSet(failures) }
}
