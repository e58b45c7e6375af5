import { setTimeout as pause } from 'node:timers/promises'
import { errorCode } from '@holdfast/atomic-file'
import type { RunBatch } from '@holdfast/state'
import { explainError } from '../cli/explain-error.js'
import { InjectedFaultError, injectFault } from './fuzz.js'
import type { RunEvent } from './run-events.js'
import type { StageContext } from './run-stage.js'
import type { FailedRun, MovedRun, Stage, StageResult } from './stage.js'
import { allOf } from './tell-observers.js'

type Outcome = Pick<StageResult, 'succeeded' | 'failed' | 'notStarted' | 'invalid'>

type Attempted = { readonly attempts: number } & ({ readonly moved: MovedRun } | { readonly error: unknown })

/** The store itself cannot be used: trying the other runs would only turn each of them into a failure. */
const STORE_UNAVAILABLE: ReadonlySet<string> = new Set([
  'ERR_ARTDAQDB_UNAVAILABLE',
  'ERR_ARCHIVE_UNAVAILABLE',
  'ERR_ARCHIVE_ACCESS',
  'ERR_STATE_WRITE',
  'ERR_SOURCE_UNAVAILABLE',
])

/** Another attempt on the same input would end alike. */
const NOT_WORTH_RETRYING: ReadonlySet<string> = new Set([
  'ERR_RUN_RECORD',
  'ERR_FHICL_SYNTAX',
  'ERR_ARCHIVE_ACCESS',
  'ERR_ARCHIVE_CONFLICT',
  'ERR_ARCHIVE_DAMAGED',
  'ERR_ARTDAQDB_CONFLICT',
  'ERR_ARTDAQDB_UNSAFE_NAME',
  'ERR_ARTDAQDB_VERIFICATION',
])

/**
 * Moves the runs of a batch with several workers, in ascending order of their start.
 *
 * @throws what made a store or the state unusable, after the runs in flight have ended; runs that were not finished stay unattempted.
 */
export async function moveRuns(
  stage: Stage,
  batch: RunBatch,
  runs: readonly number[],
  context: StageContext,
): Promise<Outcome> {
  const { config, executionId, logger, now, signal, progressBar } = context
  const observers = allOf(context.observers, logger)
  const succeeded: number[] = []
  const failed: FailedRun[] = []
  const invalid: FailedRun[] = []
  const started = new Set<number>()
  let fatal: { readonly error: unknown } | undefined

  progressBar.start(stage.name, runs.length)
  try {
    const queue = runs.values()
    const workers = Array.from({ length: Math.min(config.parallelWorkers, runs.length) }, () => work(queue))
    await Promise.all(workers)
  } finally {
    progressBar.stop()
  }
  if (fatal !== undefined) throw fatal.error
  const byRun = (one: FailedRun, other: FailedRun): number => one.run - other.run
  return {
    succeeded: succeeded.sort((a, b) => a - b),
    failed: failed.sort(byRun),
    invalid: invalid.sort(byRun),
    notStarted: runs.filter((run) => !started.has(run)),
  }

  async function work(queue: Iterable<number>): Promise<void> {
    for (const run of queue) {
      if (signal.aborted || fatal !== undefined) return
      started.add(run)
      batch.started(run)
      try {
        await moveOne(run)
      } catch (error) {
        fatal ??= { error }
      }
      progressBar.advance()
    }
  }

  async function moveOne(run: number): Promise<void> {
    const prefix = `[${stage.name}] [Run ${run}]`
    const startedAtMs = now()
    const outcome = await attemptUntilLast(run, prefix)
    const { attempts } = outcome
    const tell = (result: Pick<RunEvent, 'outcome' | 'bytes' | 'error' | 'errorCode'>): Promise<void> => {
      const at = new Date(now()).toISOString()
      const durationMs = now() - startedAtMs
      return observers.runFinished({ at, executionId, stage: stage.name, run, attempts, durationMs, ...result })
    }
    if ('error' in outcome) {
      if (STORE_UNAVAILABLE.has(errorCode(outcome.error) ?? '')) throw outcome.error
      await batch.failed(run)
      const error = explainError(outcome.error)
      const code = errorCode(outcome.error)
      failed.push({ run, error })
      await tell({ outcome: 'failed', error, ...(code === undefined ? {} : { errorCode: code }) })
      return
    }
    await batch.succeeded(run)
    succeeded.push(run)
    logger.info(`${prefix} done`)
    const { bytes, problems } = outcome.moved
    for (const problem of problems) logger.warn(`${prefix} ${problem}`)
    if (problems.length > 0) invalid.push({ run, error: problems.join('; ') })
    await tell({ outcome: 'succeeded', bytes })
  }

  async function attemptUntilLast(run: number, prefix: string): Promise<Attempted> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        injectFault(run, config.fuzz, context.random)
        return { attempts: attempt, moved: await stage.moveRun(run) }
      } catch (error) {
        logger.error(`${prefix} attempt ${attempt} of ${config.retries + 1} failed: ${explainError(error)}`)
        if (attempt > config.retries || !isWorthRetrying(error) || signal.aborted) return { attempts: attempt, error }
        // A stop that comes during the pause ends it, and the attempt that follows is the last one.
        await pause(config.retryDelayMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  if (error instanceof InjectedFaultError) return !error.isFinal
  return !NOT_WORTH_RETRYING.has(errorCode(error) ?? '')
}
