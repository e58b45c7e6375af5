import { incrementalCandidates, lateRuns, RunProgress, StateCorruptionError } from '@holdfast/state'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import { moveRuns } from './move-runs.js'
import type { Stage, StageResult } from './stage.js'

export interface StageContext {
  readonly config: ArchiverConfig
  readonly logger: Logger
  /** Aborted when a stop is asked for. */
  readonly signal: AbortSignal
  readonly progressBar: ProgressBar
  readonly dryRun: boolean
  readonly random: () => number
}

export interface ProgressBar {
  start(label: string, total: number): void
  advance(): void
  stop(): void
}

export type Selection =
  | { readonly kind: 'full' }
  | { readonly kind: 'incremental'; readonly catchUp: boolean }
  | { readonly kind: 'retry' }

// A full run takes this many times the batch size of an incremental one.
const FULL_RUN_FACTOR = 10

/**
 * Chooses the runs of one stage and moves them. Every outcome is durable in the stage's state file and failure log when it is reported.
 *
 * @throws when a store or the state cannot be used at all; runs that were finished by then are recorded.
 */
export async function runStage(stage: Stage, selection: Selection, context: StageContext): Promise<StageResult> {
  const { config, dryRun } = context
  const logger = context.logger.named(`archiver.${stage.name.toLowerCase()}`)
  const log = (message: string): void => logger.info(`[${stage.name}] ${message}`)
  const source = await stage.listSource()
  const destination = await stage.listDestination()
  log(`${source.size} runs at the source, ${destination.size} at the destination`)
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

  const { candidates, late } = select()
  const limit =
    selection.kind === 'retry'
      ? candidates.length
      : config.batchSize * (selection.kind === 'full' ? FULL_RUN_FACTOR : 1)
  const batch = candidates.slice(0, limit)
  const remaining = candidates.length - batch.length
  if (remaining > 0)
    log(
      `Taking ${batch.length} of ${candidates.length} runs (app.batch_size); ${remaining} remain for the next execution`,
    )
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
  if (batch.length === 0) {
    log(selection.kind === 'retry' ? 'No failed runs to retry' : 'No new runs')
    await progress.startBatch({ runs: [], destination })
    return nothing
  }
  log(`Processing ${batch.length} runs (${batch[0]} to ${batch.at(-1)}) with ${config.parallelWorkers} workers`)
  const outcome = await moveRuns(stage, await progress.startBatch({ runs: batch, destination }), batch, {
    ...context,
    logger,
  })
  return { ...nothing, ...outcome }

  function select(): { candidates: number[]; late: number[] } {
    if (selection.kind === 'retry')
      return { candidates: progress.failures.filter((run) => !destination.has(run)), late: [] }
    const known = {
      available: source,
      destination,
      failures: progress.failures,
      startRun: progress.incrementalStartRun,
    }
    const isIncremental = selection.kind === 'incremental'
    const missed = isIncremental ? lateRuns(known) : []
    if (missed.length > 0 && isIncremental) reportLate(missed, selection.catchUp)
    const chosen = isIncremental
      ? incrementalCandidates(known)
      : [...source].filter((run) => !destination.has(run)).sort((a, b) => a - b)
    if (isIncremental) log(`Incremental: runs above ${progress.incrementalStartRun}`)
    const all = isIncremental && selection.catchUp ? [...missed, ...chosen] : chosen
    return { candidates: config.excludeMostRecentRun ? all.slice(0, -1) : all, late: missed }
  }

  function reportLate(missed: readonly number[], taken: boolean): void {
    const what = `[${stage.name}] ${missed.length} late runs below the start point were never attempted (first ${missed[0]}, last ${missed.at(-1)})`
    if (taken) logger.info(`${what}; taking them now`)
    else logger.warn(`${what}; take them with --incremental --catch-up`)
  }

  async function dropArrived(): Promise<void> {
    const arrived = progress.failures.filter((run) => destination.has(run))
    if (arrived.length === 0) return
    log(`${arrived.length} runs of the failure log have arrived already and leave the log`)
    await progress.dropFailures(arrived)
  }
}
