import { RunProgress, StateCorruptionError } from '@holdfast/state'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import { moveRuns } from './move-runs.js'
import type { ArchiverObserver } from './run-events.js'
import { type Selection, selectRuns } from './select-runs.js'
import type { InQuestion, Stage, StageResult } from './stage.js'

export interface StageContext {
  readonly config: ArchiverConfig
  readonly logger: Logger
  /** Aborted when a stop is asked for. */
  readonly signal: AbortSignal
  readonly progressBar: ProgressBar
  readonly dryRun: boolean
  readonly random: () => number
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly executionId: string
  readonly observers: readonly ArchiverObserver[]
}

export interface ProgressBar {
  start(label: string, total: number): void
  advance(): void
  stop(): void
}

/**
 * Chooses the runs of one stage and moves them. Every outcome is durable in the stage's state file and failure log when it is reported.
 *
 * @throws when a store or the state cannot be used at all; runs that were finished by then are recorded.
 */
export async function runStage(stage: Stage, selection: Selection, context: StageContext): Promise<StageResult> {
  const { config, dryRun } = context
  const logger = context.logger.named(`archiver.${stage.name.toLowerCase()}`)
  const log = (message: string): void => logger.info(`[${stage.name}] ${message}`)
  const recoverHint = `Rebuild it from the stores: archiver ${stage.recoverFlag}`
  await using progress = await RunProgress.open({
    ...stage.files,
    readOnly: dryRun,
    logger,
    recoverHint,
  })

  // A real execution would stop here; a plan made of zeros would mislead.
  const damage = progress.damage.find((found) => !found.usedBackup)
  if (damage !== undefined) throw new StateCorruptionError({ ...damage, hint: recoverHint })

  const failed = new Set(progress.failures)
  const takesOnlyNew = selection.kind === 'incremental' && !selection.catchUp
  const isInQuestion: InQuestion = (run) => !takesOnlyNew || run > progress.incrementalStartRun || failed.has(run)
  const source = await stage.listSource(isInQuestion)
  const destination = await stage.listDestination(isInQuestion)
  log(`${source.size} runs at the source, ${destination.size} at the destination`)
  const known = { source, destination, failures: progress.failures, startRun: progress.incrementalStartRun }
  const { batch, remaining, late, covered } = selectRuns(selection, known, config)
  if (selection.kind === 'incremental') log(`Incremental: runs above ${known.startRun}`)
  if (late.length > 0) reportLate()
  if (remaining > 0) log(`Taking ${batch.length} runs; ${remaining} remain for later executions`)
  const nothing = {
    stage: stage.name,
    succeeded: [],
    failed: [],
    notStarted: [],
    remaining,
    late,
    invalid: [],
    planned: [],
  }
  if (dryRun) return { ...nothing, planned: batch }
  if (selection.kind === 'retry') await dropArrived()
  const runBatch = await progress.startBatch({ runs: covered, destination })
  if (batch.length === 0) {
    log(selection.kind === 'retry' ? 'No failed runs to retry' : 'No new runs')
    return nothing
  }
  log(`Processing ${batch.length} runs (${batch[0]} to ${batch.at(-1)}) with ${config.parallelWorkers} workers`)
  return { ...nothing, ...(await moveRuns(stage, runBatch, batch, { ...context, logger })) }

  function reportLate(): void {
    const which = `first ${late[0]}, last ${late.at(-1)}`
    logger.warn(
      `[${stage.name}] ${late.length} late runs below the start point were never attempted (${which}); take them with --incremental --catch-up`,
    )
  }

  async function dropArrived(): Promise<void> {
    const arrived = progress.failures.filter((run) => destination.has(run))
    if (arrived.length === 0) return
    log(`${arrived.length} runs of the failure log have arrived already and leave the log`)
    await progress.dropFailures(arrived)
  }
}
