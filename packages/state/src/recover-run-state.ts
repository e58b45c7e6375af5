import { runSet, sortedRuns } from './run-numbers.js'

/** What recovery finds out from the two stores of a stage. */
export interface RecoveredRunState {
  readonly lastContiguousRun: number
  readonly lastAttemptedRun: number
  /** Runs of the source up to `lastAttemptedRun` that the destination does not hold, ascending: the new failure log. */
  readonly missing: readonly number[]
}

/**
 * The end of the unbroken sequence that starts at the lowest run; 0 without runs. Takes the runs in any order, duplicates included.
 *
 * @throws TypeError or RangeError for a bad run number.
 * @example lastContiguousRun([100, 101, 102, 105, 106]) // 102
 */
export function lastContiguousRun(runs: Iterable<number>): number {
  return endOfSequence(sortedRuns(runs, 'the runs'))
}

/**
 * What the state file and the failure log should hold, given the runs of the source and of the destination. Without runs in the destination
 * nothing was attempted: zeros and no failures. Pure; `RunProgress.replace` writes the result.
 *
 * @throws TypeError or RangeError for a bad run number.
 * @example recoverRunState({ source: [1, 2, 3, 4], destination: [1, 3] }) // lastContiguousRun 1, lastAttemptedRun 3, missing [2]
 */
export function recoverRunState(stores: {
  readonly source: Iterable<number>
  readonly destination: Iterable<number>
}): RecoveredRunState {
  const held = sortedRuns(stores.destination, 'the destination')
  const heldSet = new Set(held)
  const lastAttemptedRun = held.at(-1) ?? 0
  const available = runSet(stores.source, 'the source')
  const missing = held.length === 0 ? [] : [...available].filter((run) => run <= lastAttemptedRun && !heldSet.has(run))
  return { lastContiguousRun: endOfSequence(held), lastAttemptedRun, missing: missing.sort((a, b) => a - b) }
}

function endOfSequence(ascending: readonly number[]): number {
  const [lowest] = ascending
  if (lowest === undefined) return 0
  let last = lowest
  for (const run of ascending) {
    if (run > last + 1) break
    last = run
  }
  return last
}
