import { incrementalCandidates, lateRuns } from '@holdfast/state'

export type Selection =
  | { readonly kind: 'full' }
  | { readonly kind: 'incremental'; readonly catchUp: boolean }
  | { readonly kind: 'retry' }

export interface KnownRuns {
  readonly source: ReadonlySet<number>
  readonly destination: ReadonlySet<number>
  readonly failures: readonly number[]
  /** Incremental mode takes runs above this one. */
  readonly startRun: number
}

export interface SelectedRuns {
  /** What this execution takes on, ascending. */
  readonly batch: readonly number[]
  /** Candidates that are left for later executions. */
  readonly remaining: number
  /** Runs below the start point that were never attempted and are not taken now. */
  readonly late: readonly number[]
  /** The batch and, below what is left for later, the runs that have arrived without being recorded. */
  readonly covered: readonly number[]
}

export interface SelectionLimits {
  /** Runs an incremental execution takes at most. */
  readonly batchSize: number
  /** Leave the newest candidate for later: its record may still be written. */
  readonly excludeMostRecentRun: boolean
}

// A full execution takes this many times the batch size of an incremental one.
const FULL_RUN_FACTOR = 10

/** Chooses the runs of one execution. */
export function selectRuns(selection: Selection, known: KnownRuns, limits: SelectionLimits): SelectedRuns {
  const { source, destination, failures, startRun } = known
  if (selection.kind === 'retry') {
    const batch = failures.filter((run) => !destination.has(run))
    return { batch, remaining: 0, late: [], covered: batch }
  }
  const isIncremental = selection.kind === 'incremental'
  const failed = new Set(failures)
  const late = isIncremental ? lateRuns({ available: source, destination, failures, startRun }) : []
  const candidates = isIncremental
    ? [
        ...(selection.catchUp ? late : []),
        ...incrementalCandidates({ available: source, destination, failures, startRun }),
      ]
    : // Known failures come last, so that they never keep the others from their turn.
      [...source]
        .filter((run) => !destination.has(run))
        .sort((one, other) => Number(failed.has(one)) - Number(failed.has(other)) || one - other)
  const newest = limits.excludeMostRecentRun ? candidates.reduce((one, other) => Math.max(one, other), -1) : undefined
  const size = limits.batchSize * (isIncremental ? 1 : FULL_RUN_FACTOR)
  const batch = ascending(candidates.filter((run) => run !== newest).slice(0, size))
  const taken = new Set(batch)
  const left = candidates.filter((run) => !taken.has(run) && !failed.has(run))
  const next = left.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY)
  const arrived = [...source].filter((run) => run > startRun && run < next && destination.has(run))
  return {
    batch,
    remaining: candidates.length - batch.length,
    late: late.filter((run) => !taken.has(run)),
    covered: ascending([...batch, ...arrived]),
  }
}

function ascending(runs: number[]): number[] {
  return runs.sort((one, other) => one - other)
}
