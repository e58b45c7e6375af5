import { runSet, sortedRuns } from './run-numbers.js'

export interface RunSelectionInput {
  /** The runs the source holds. */
  readonly available: Iterable<number>
  /** The runs the destination holds. */
  readonly destination: Iterable<number>
  /** The runs of the failure log. */
  readonly failures: Iterable<number>
  /** `RunProgress.incrementalStartRun`. */
  readonly startRun: number
}

/**
 * The runs incremental mode takes, ascending: above the start run, not in the destination, not in the failure log. (A run above the start run
 * is in the failure log when a kill came between its failure and the end of a run below it; only an explicit retry takes it.) Pure.
 *
 * @example incrementalCandidates({ available: [100, 101, 102, 103], destination: [101], failures: [103], startRun: 100 }) // [102]
 */
export function incrementalCandidates(input: RunSelectionInput): number[] {
  return pending(input).filter((run) => run > input.startRun)
}

/**
 * The runs incremental mode never sees, ascending: at or below the start run, not in the destination, and as far as is known never attempted.
 * They appeared in the source after the counters had passed them. Pure.
 *
 * @example lateRuns({ available: [99, 100, 101], destination: [100], failures: [], startRun: 100 }) // [99]
 */
export function lateRuns(input: RunSelectionInput): number[] {
  return pending(input).filter((run) => run <= input.startRun)
}

function pending({ available, destination, failures }: RunSelectionInput): number[] {
  const held = runSet(destination, 'the destination')
  const failed = runSet(failures, 'the failure log')
  return sortedRuns(available, 'the available runs').filter((run) => !held.has(run) && !failed.has(run))
}
