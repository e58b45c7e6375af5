import { isBroken, type StageOutcome } from '../stages/run-pipeline.js'
import type { FailedRun, StageResult } from '../stages/stage.js'
import { contiguousRanges, formatRanges } from './run-ranges.js'

/** What an execution did, for people. */
export function renderOutcomes(
  outcomes: readonly StageOutcome[],
  retryFlags: Readonly<Record<string, string>>,
  dryRun: boolean,
): string {
  return outcomes
    .map(
      (outcome) =>
        `${(isBroken(outcome) ? [`${outcome.stage}: stopped: ${outcome.error}`] : describe(outcome)).join('\n')}\n`,
    )
    .join('')

  function describe(result: StageResult): string[] {
    return dryRun ? describePlan(result) : [...describeDone(result), ...details(result)]
  }

  function details(result: StageResult): string[] {
    const lines = result.failed.map(showRun)
    if (result.failed.length > 0) lines.push(`  Mend what is wrong, then: archiver ${retryFlags[result.stage]}`)
    if (result.invalid.length > 0) lines.push('  Archived, but with problems:', ...result.invalid.map(showRun))
    return [...lines, ...describeRest(result)]
  }
}

function describeDone({ stage, succeeded, failed, notStarted }: StageResult): string[] {
  if (succeeded.length + failed.length + notStarted.length === 0) return [`${stage}: nothing to do`]
  const done =
    succeeded.length === 0
      ? '0 runs archived'
      : `${count(succeeded)} archived (${formatRanges(contiguousRanges(succeeded))})`
  const stopped = notStarted.length === 0 ? '' : `, ${notStarted.length} not begun`
  return [`${stage}: ${done}, ${failed.length} failed${stopped}`]
}

function describePlan(result: StageResult): string[] {
  const plan =
    result.planned.length === 0
      ? 'nothing to do'
      : `would process ${count(result.planned)}: ${formatRanges(contiguousRanges(result.planned))}`
  return [`${result.stage}: ${plan}`, ...describeRest(result)]
}

function describeRest({ remaining, late }: StageResult): string[] {
  const lines = []
  if (remaining > 0) lines.push(`  ${remaining} more for the next executions`)
  if (late.length > 0)
    lines.push(`  Late runs below the start point: ${formatRanges(contiguousRanges(late))}; --catch-up takes them`)
  return lines
}

function showRun({ run, error }: FailedRun): string {
  return `  Run ${run}: ${error.split('\n').join('\n    ')}`
}

function count(runs: readonly number[]): string {
  return runs.length === 1 ? '1 run' : `${runs.length} runs`
}
