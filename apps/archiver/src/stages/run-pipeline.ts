import { errorCode } from '@holdfast/atomic-file'
import { EXIT, exitCodeFor } from '../cli/exit-codes.js'
import { explainError } from '../cli/explain-error.js'
import { runStage, type StageContext } from './run-stage.js'
import type { Selection } from './select-runs.js'
import type { Stage, StageResult } from './stage.js'
import { allOf } from './tell-observers.js'

/** A stage that could not go on at all. */
export interface BrokenStage {
  readonly stage: Stage['name']
  readonly error: string
  readonly code: string | undefined
}

export type StageOutcome = StageResult | BrokenStage

/**
 * Runs stages one after the other; a failed one does not keep the next from running, a request to stop does.
 *
 * @throws errors that are neither the input's nor a store's fault.
 */
export async function runPipeline(
  stages: readonly Stage[],
  selection: Selection,
  context: StageContext,
): Promise<StageOutcome[]> {
  const outcomes: StageOutcome[] = []
  const observers = allOf(context.dryRun ? [] : context.observers, context.logger)
  for (const stage of stages) {
    if (context.signal.aborted) break
    const outcome = await outcomeOf(stage)
    outcomes.push(outcome)
    await observers.stageFinished(outcome)
  }
  return outcomes

  async function outcomeOf(stage: Stage): Promise<StageOutcome> {
    try {
      return await runStage(stage, selection, context)
    } catch (error) {
      if (exitCodeFor(error) !== EXIT.failure) throw error
      context.logger.critical(`[${stage.name}] stopped: ${explainError(error)}`)
      return { stage: stage.name, error: explainError(error), code: errorCode(error) }
    }
  }
}

export function isBroken(outcome: StageOutcome): outcome is BrokenStage {
  return 'error' in outcome
}

export function hasFailures(outcomes: readonly StageOutcome[]): boolean {
  return outcomes.some((outcome) => isBroken(outcome) || outcome.failed.length > 0 || outcome.invalid.length > 0)
}
