import { basename } from 'node:path'
import { RunProgress, recoverRunState } from '@holdfast/state'
import type { Logger } from '../log/logger.js'
import type { Stage } from '../stages/stage.js'

export interface RecoveryResult {
  readonly stage: Stage['name']
  readonly sourceRuns: number
  readonly destinationRuns: number
  readonly lastContiguousRun: number
  readonly lastAttemptedRun: number
  readonly missingRuns: readonly number[]
  /** `false` in a dry run. */
  readonly written: boolean
}

/** Computes a stage's state and failure log from what the stores hold and, unless it is a dry run, replaces both. A damaged state file is set aside. */
export async function recoverState(stage: Stage, logger: Logger, dryRun: boolean): Promise<RecoveryResult> {
  const source = await stage.listSource(() => true)
  const destination = await stage.listDestination(() => true)
  const { lastContiguousRun, lastAttemptedRun, missing } = recoverRunState({ source, destination })
  if (!dryRun) {
    await using progress = await RunProgress.open({ ...stage.files, logger, recovering: true })
    await progress.replace({ lastContiguousRun, lastAttemptedRun, failures: missing })
  }
  return {
    stage: stage.name,
    sourceRuns: source.size,
    destinationRuns: destination.size,
    lastContiguousRun,
    lastAttemptedRun,
    missingRuns: missing,
    written: !dryRun,
  }
}

const HEAVY = '='.repeat(70)
const LABELS = { Import: ['Filesystem', 'ArtdaqDB'], Migration: ['ArtdaqDB', 'UconDB'] } as const

/** The summary that operators know from the Python archiver. */
export function renderRecovery(result: RecoveryResult, stage: Stage): string {
  const [source, destination] = LABELS[result.stage]
  const verb = result.written ? '✓ Written' : 'Would write'
  const missing = result.missingRuns
  const preview = missing.length > 10 ? `[${missing.slice(0, 10).join(', ')}, ...]` : `[${missing.join(', ')}]`
  return [
    `${verb} ${basename(stage.files.stateFile)}`,
    `${verb} ${basename(stage.files.failureLog)} with ${missing.length} runs`,
    HEAVY,
    `${result.stage.toUpperCase()} STATE RECOVERY ${result.written ? 'COMPLETE' : '(DRY RUN)'}`,
    `  ${source} runs: ${result.sourceRuns}`,
    `  ${destination} runs: ${result.destinationRuns}`,
    `  Last contiguous: ${result.lastContiguousRun}`,
    `  Last attempted: ${result.lastAttemptedRun}`,
    `  Missing runs: ${missing.length}`,
    ...(missing.length > 0 ? [`  Missing runs (preview): ${preview}`] : []),
    HEAVY,
    '',
  ].join('\n')
}
