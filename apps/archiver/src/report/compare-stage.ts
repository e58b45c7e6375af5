import { errorCode } from '@holdfast/atomic-file'
import { lateRuns, RunProgress } from '@holdfast/state'
import { explainError } from '../cli/explain-error.js'
import type { StageFiles } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'

export interface StageComparison {
  /** False when a store could not be read: what follows from the stores stays empty then. */
  readonly comparable: boolean
  /** False when state file or failure log could not be read: counters and failures are not known then. */
  readonly readable: boolean
  readonly lastContiguousRun: number
  readonly lastAttemptedRun: number
  /** At or below the last contiguous run at the source, but not at the destination. */
  readonly missing: readonly number[]
  /** Above the last contiguous run at the source. */
  readonly newRuns: readonly number[]
  /** At the source, below the point from which incremental executions go on, neither arrived nor known as failed: only `--catch-up` takes them. */
  readonly late: readonly number[]
  readonly failures: readonly number[]
  /** Of the failures, those that are at the destination all the same. */
  readonly arrivedFailures: readonly number[]
  /** Of the failures, those that are neither at the source nor at the destination. */
  readonly lostFailures: readonly number[]
  /** The destination holds runs, but no state tells of any. */
  readonly stateIsMissing: boolean
  /** What is wrong with the state file or the failure log. */
  readonly problems: readonly string[]
}

export interface StageStores {
  /** `undefined` when it could not be read; what depends on it stays empty. */
  readonly source: ReadonlySet<number> | undefined
  readonly destination: ReadonlySet<number> | undefined
}

/** Compares one stage's state file and failure log with what its two stores hold. Writes nothing. */
export async function compareStage(files: StageFiles, stores: StageStores, logger: Logger): Promise<StageComparison> {
  const source = stores.source ?? new Set<number>()
  const destination = stores.destination ?? new Set<number>()
  const comparable = stores.source !== undefined && stores.destination !== undefined
  try {
    await using progress = await RunProgress.open({ ...files, readOnly: true, logger })
    const { lastContiguousRun: last, lastAttemptedRun, failures, damage, incrementalStartRun: startRun } = progress
    const sorted = last > 0 ? Float64Array.from(source).sort() : new Float64Array()
    const firstNew = sorted.findIndex((run) => run > last)
    const old = firstNew < 0 ? sorted : sorted.subarray(0, firstNew)
    const late = comparable ? lateRuns({ available: source, destination, failures, startRun }) : []
    return {
      comparable,
      readable: damage.every(({ usedBackup }) => usedBackup),
      lastContiguousRun: last,
      lastAttemptedRun,
      missing: comparable ? [...old.filter((run) => !destination.has(run))] : [],
      newRuns: firstNew < 0 ? [] : [...sorted.subarray(firstNew)],
      late,
      failures,
      arrivedFailures: failures.filter((run) => destination.has(run)),
      lostFailures: comparable ? failures.filter((run) => !source.has(run) && !destination.has(run)) : [],
      stateIsMissing: startRun === 0 && destination.size > 0 && failures.length + damage.length === 0,
      problems: [
        ...damage.map(({ path, reason }) => `'${path}' is damaged: ${reason}`),
        ...strangeCounters(files, startRun, [source, destination, failures]),
      ],
    }
  } catch (error) {
    if (errorCode(error)?.startsWith('ERR_STATE') !== true) throw error
    return { ...NOTHING, comparable, readable: false, problems: [explainError(error)] }
  }
}

const NOTHING: Omit<StageComparison, 'comparable' | 'readable' | 'problems'> = {
  lastContiguousRun: 0,
  lastAttemptedRun: 0,
  missing: [],
  newRuns: [],
  late: [],
  failures: [],
  arrivedFailures: [],
  lostFailures: [],
  stateIsMissing: false,
}

/** A counter above every run that is known anywhere keeps incremental mode from taking new ones. */
function strangeCounters({ stateFile }: StageFiles, counter: number, known: readonly Iterable<number>[]): string[] {
  let highest = 0
  let isEmpty = true
  for (const runs of known) {
    for (const run of runs) {
      if (run > highest) highest = run
      isEmpty = false
    }
  }
  if (counter <= highest || isEmpty) return []
  return [
    `'${stateFile}' counts to run ${counter}, but the highest run known is ${highest}; rebuild it with --recover-…-state`,
  ]
}
