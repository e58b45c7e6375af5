/**
 * The two files of a stage, written together. Source of truth: the state file for the counters, the failure log for the failures. The log is
 * always durable before the state file is touched, so that `last_attempted_run` never passes a failure that is not in the log. A crash leaves
 * the log ahead of the state: failures above `last_attempted_run`, or a retried success not yet counted as contiguous, which the next batch
 * makes up for from the destination.
 */
import { dirname } from 'node:path'
import { sweepLeftovers } from '@holdfast/atomic-file'
import type { FileLock } from '@holdfast/lock'
import { messageOf, StateWriteError } from './errors.js'
import { type LoadedFailureLog, replaceFailureLog } from './failure-log.js'
import { backupOf, freeAsidePath, removeBackup, replaceFile, type StateDeps } from './file-io.js'
import { type LoadedProgress, type LoadProgressOptions, loadProgress, type StateDamage } from './load-progress.js'
import type { StateLogger } from './logger.js'
import { sortedRuns } from './run-numbers.js'
import { formatStateDocument, type RunCounters } from './state-document.js'
import { acquireStateLock, type LockWaitOptions } from './state-lock.js'

export interface ProgressValues extends RunCounters {
  /** Ascending, without duplicates. */
  readonly failures: readonly number[]
}

export class ProgressFiles {
  readonly damage: readonly StateDamage[]
  readonly #options: LoadProgressOptions
  readonly #deps: StateDeps
  readonly #locks: readonly FileLock[]
  readonly #fields: Readonly<Record<string, unknown>>
  #durable: ProgressValues
  #replacedLog: LoadedFailureLog
  #unsettled: boolean
  #damagedState: boolean

  private constructor(
    options: LoadProgressOptions,
    deps: StateDeps,
    locks: readonly FileLock[],
    loaded: LoadedProgress,
  ) {
    this.damage = loaded.damage
    this.#options = options
    this.#deps = deps
    this.#locks = locks
    this.#fields = loaded.state.fields
    this.#replacedLog = loaded.log
    const { lastContiguousRun, lastAttemptedRun } = loaded.state
    const failures = Object.freeze(sortedRuns(loaded.failures, 'the failure log'))
    this.#durable = { lastContiguousRun, lastAttemptedRun, failures }
    const unmended = loaded.damage.filter((damage) => !damage.usedBackup)
    this.#unsettled = unmended.length > 0
    this.#damagedState = unmended.some(({ path, bytesPath }) => path === options.stateFile && bytesPath === path)
  }

  static async open(options: LoadProgressOptions & LockWaitOptions, deps: StateDeps): Promise<ProgressFiles> {
    const locks: FileLock[] = []
    try {
      if (!options.readOnly) {
        for (const path of [options.stateFile, options.failureLog]) {
          locks.push(await acquireStateLock(path, options, deps))
          await sweep(dirname(path), options.logger, deps)
        }
      }
      return new ProgressFiles(options, deps, locks, await loadProgress(options, deps))
    } catch (error) {
      await Promise.allSettled(locks.map((lock) => lock.release()))
      throw error
    }
  }

  /** What is on disk. */
  get durable(): ProgressValues {
    return this.#durable
  }

  /** There is damage that only a replacement of both files can settle. */
  get unsettled(): boolean {
    return this.#unsettled
  }

  /**
   * Brings the files to these values: first the log, then the state, each only if it changes. After an error the log may be ahead.
   *
   * @throws StateWriteError
   */
  async commit(next: ProgressValues): Promise<void> {
    this.#assertLocked()
    if (!isSameList(next.failures, this.#durable.failures)) await this.#writeLog(next.failures)
    if (!isSameCounters(next, this.#durable)) await this.#writeState(next, backupOf(this.#options.stateFile))
  }

  /**
   * Replaces both files whatever is in them, for recovery. The log holds the old and the new failures until the new counters are durable, so a
   * kill in between loses none. What was there before is kept as `<path>.before-recovery`; the backup goes, because its counters may be higher
   * than the new ones and must never come back.
   *
   * @throws StateWriteError
   */
  async replace(next: ProgressValues): Promise<void> {
    this.#assertLocked()
    const { stateFile, failureLog } = this.#options
    const both = sortedRuns([...this.#durable.failures, ...next.failures], 'the failure log')
    await this.#writeLog(both, `${failureLog}${BEFORE_RECOVERY}`)
    await removeBackup(stateFile, this.#deps)
    await this.#writeState(next, `${stateFile}${BEFORE_RECOVERY}`)
    if (!isSameList(next.failures, both)) await this.#writeLog(next.failures)
    this.#unsettled = false
  }

  /** Frees the locks. */
  async close(): Promise<void> {
    for (const result of await Promise.allSettled(this.#locks.map((lock) => lock.release()))) {
      if (result.status === 'rejected') throw result.reason
    }
  }

  async #writeLog(failures: readonly number[], backupPath?: string): Promise<void> {
    const { failureLog, logger } = this.#options
    const keptAs = await replaceFailureLog(failureLog, failures, this.#replacedLog, this.#deps, backupPath)
    if (isPrecious(this.#replacedLog)) logger.warn(`The failure log as it was found is kept as '${keptAs}'`)
    this.#replacedLog = { exists: true, runs: failures, foreignLines: [], damage: undefined }
    this.#durable = { ...this.#durable, failures }
  }

  async #writeState({ lastContiguousRun, lastAttemptedRun }: RunCounters, backupPath: string): Promise<void> {
    const { stateFile } = this.#options
    const counters = { lastContiguousRun, lastAttemptedRun }
    const keptAs = this.#damagedState ? await freeAsidePath(stateFile, this.#deps) : backupPath
    await replaceFile(stateFile, formatStateDocument(this.#fields, counters), keptAs, this.#deps)
    this.#damagedState = false
    this.#durable = { ...this.#durable, ...counters }
  }

  /** The kernel lock protects nothing once its file was deleted: the next process makes a new one. */
  #assertLocked(): void {
    for (const lock of this.#locks) {
      if (lock.isLockFileValid()) continue
      throw new StateWriteError(this.#options.stateFile, new Error(`its lock file '${lock.path}' was taken away`))
    }
  }
}

const BEFORE_RECOVERY = '.before-recovery'

async function sweep(directory: string, logger: StateLogger, deps: StateDeps): Promise<void> {
  try {
    await sweepLeftovers(directory, {}, deps)
  } catch (error) {
    logger.warn(messageOf(error))
  }
}

function isPrecious({ damage, foreignLines }: LoadedFailureLog): boolean {
  return damage !== undefined || foreignLines.length > 0
}

function isSameCounters(a: RunCounters, b: RunCounters): boolean {
  return a.lastContiguousRun === b.lastContiguousRun && a.lastAttemptedRun === b.lastAttemptedRun
}

function isSameList(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((run, index) => run === b[index]))
}
