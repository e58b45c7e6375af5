import type { StageComparison } from './compare-stage.js'
import type { StatusReport, StoreStatus } from './status-report.js'

export type StageKey = 'import' | 'migration'

/** Something that the state files and the stores disagree about, or that keeps them from being compared. */
export interface Discrepancy {
  readonly kind:
    | 'store-unreadable'
    | 'state-problem'
    | 'state-missing'
    | 'missing-runs'
    | 'late-runs'
    | 'failures-arrived'
    | 'failures-without-record'
  readonly stage?: StageKey
  readonly message: string
  /** The runs that it is about, ascending. */
  readonly runs: readonly number[]
}

/**
 * What makes `--compare-state --exit-code` exit with 1. New runs, and logged failures that a retry would take, are what state files are for, and no
 * discrepancy; neither are runs at the destination that the counters have not reached, as a kill leaves them: the next execution counts them.
 */
export function findDiscrepancies(report: StatusReport): Discrepancy[] {
  const stores: readonly (readonly [string, StoreStatus])[] = [
    ['run records', report.filesystem],
    ['artdaqDB', report.artdaqdb],
    ['UconDB', report.ucondb],
  ]
  const unreadable = stores.flatMap(([name, { error }]): Discrepancy[] =>
    error === undefined ? [] : [{ kind: 'store-unreadable', message: `${name} cannot be read: ${error}`, runs: [] }],
  )
  if (report.stages === undefined) return unreadable
  return [
    ...unreadable,
    ...ofStage('import', 'artdaqDB', 'run records', report.stages.import),
    ...ofStage('migration', 'UconDB', 'artdaqDB', report.stages.migration),
  ]
}

function ofStage(stage: StageKey, destination: string, source: string, found: StageComparison): Discrepancy[] {
  const { missing, arrivedFailures, lostFailures } = found
  // A late run that the unbroken sequence has passed is told once.
  const told = new Set(missing)
  const late = found.late.filter((run) => !told.has(run))
  const all: (Discrepancy | undefined)[] = [
    ...found.problems.map((message): Discrepancy => ({ kind: 'state-problem', stage, message, runs: [] })),
    found.stateIsMissing
      ? { kind: 'state-missing', stage, message: `${destination} holds runs, but no state tells of any`, runs: [] }
      : undefined,
    listed('missing-runs', missing, `counted as archived, but not in ${destination}`),
    listed('late-runs', late, `passed over: below the point from which incremental executions go on`),
    listed('failures-arrived', arrivedFailures, `logged as failed, but in ${destination}`),
    listed('failures-without-record', lostFailures, `logged as failed, but no longer in ${source}`),
  ]
  return all.filter((one) => one !== undefined)

  function listed(kind: Discrepancy['kind'], runs: readonly number[], message: string): Discrepancy | undefined {
    return runs.length === 0 ? undefined : { kind, stage, message, runs }
  }
}
