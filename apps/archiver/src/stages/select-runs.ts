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
  /** Runs below the start point that were never attempted. */
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
  const late = isIncremental ? lateRuns({ available: source, destination, failures, startRun }) : []
  const fresh = isIncremental
    ? incrementalCandidates({ available: source, destination, failures, startRun })
    : ascending([...source].filter((run) => !destination.has(run)))
  const candidates = isIncremental && selection.catchUp ? [...late, ...fresh] : fresh
  const size = limits.batchSize * (isIncremental ? 1 : FULL_RUN_FACTOR)
  const batch = candidates.slice(0, Math.min(size, candidates.length - (limits.excludeMostRecentRun ? 1 : 0)))
  const next = candidates[batch.length] ?? Number.POSITIVE_INFINITY
  const arrived = [...source].filter((run) => run > startRun && run < next && destination.has(run))
  return { batch, remaining: candidates.length - batch.length, late, covered: ascending([...batch, ...arrived]) }
}

function ascending(runs: number[]): number[] {
  return runs.sort((one, other) => one - other)
}
