import type { StageComparison } from './compare-stage.js'
import { formatCount } from './format.js'
import { quoteArgument } from './quote-argument.js'
import {
  contiguousRanges,
  countRuns,
  formatRanges,
  intersectRanges,
  type RunRange,
  subtractRanges,
} from './run-ranges.js'
import type { StatusReport } from './status-report.js'

/** Something to do, or to know, and the command for it. */
export interface Action {
  readonly level: 'bad' | 'warn' | 'wait' | 'ok'
  readonly text: string
  /** As an operator types it. */
  readonly command?: string
}

/** What the report leads to, the most urgent first; never empty. @param configPath goes into the commands. */
export function recommendActions(report: StatusReport, configPath: string): Action[] {
  const command = (flags: string): string => `archiver ${quoteArgument(configPath)} ${flags}`
  const { filesystem, artdaqdb, ucondb, stages } = report
  const actions: Action[] = []
  if (filesystem.error !== undefined)
    actions.push({
      level: 'bad',
      text: 'Make the folder of the run records readable, then report again',
      command: command('--report-status'),
    })
  if (artdaqdb.error !== undefined)
    actions.push({
      level: 'bad',
      text: 'Mend artdaqDB; this says what is wrong with its indexes',
      command: command('--rebuild-database-index --dry-run'),
    })
  if (ucondb.error !== undefined)
    actions.push({
      level: 'bad',
      text: 'Mend UconDB; this checks its address, folder and credentials',
      command: `archiver ucondb check ${quoteArgument(configPath)}`,
    })
  if (stages !== undefined) {
    const legs = [
      {
        name: 'import',
        flag: 'import',
        found: stages.import,
        from: filesystem,
        to: artdaqdb,
        places: ['on disk', 'artdaqDB'],
      },
      {
        name: 'migration',
        flag: 'migrate',
        found: stages.migration,
        from: artdaqdb,
        to: ucondb,
        places: ['in artdaqDB', 'UconDB'],
      },
    ] as const
    for (const { name, flag, found, from, to, places } of legs) {
      const waiting = from.ranges === undefined || to.ranges === undefined ? [] : subtractRanges(from.ranges, to.ranges)
      actions.push(...ofStage(found, waiting, { name, flag, source: places[0], destination: places[1] }, command))
    }
  }
  if (filesystem.ranges !== undefined && artdaqdb.ranges !== undefined) {
    const gone = countRuns(subtractRanges(artdaqdb.ranges, filesystem.ranges))
    if (gone > 0)
      actions.push({
        level: 'ok',
        text: `${runs(gone)} in artdaqDB no longer on disk; nothing to do if the records were cleaned up on purpose`,
      })
  }
  if (artdaqdb.ranges !== undefined && ucondb.ranges !== undefined) {
    const gone = countRuns(subtractRanges(ucondb.ranges, artdaqdb.ranges))
    if (gone > 0)
      actions.push({
        level: 'ok',
        text: `${runs(gone)} in UconDB but no longer in artdaqDB; nothing to do if it was cleaned up on purpose`,
      })
  }
  const order = ['bad', 'warn', 'wait', 'ok']
  actions.sort((one, other) => order.indexOf(one.level) - order.indexOf(other.level))
  return actions.length > 0 ? actions : [{ level: 'ok', text: 'Everything is where it should be; nothing to do' }]
}

interface Leg {
  readonly name: string
  /** As in `--retry-failed-…`, `--recover-…-state` and `--…-only`. */
  readonly flag: string
  readonly source: string
  readonly destination: string
}

function ofStage(
  found: StageComparison,
  waiting: readonly RunRange[],
  { name, flag, source, destination }: Leg,
  command: (flags: string) => string,
): Action[] {
  const actions: Action[] = []
  const recover = command(`--recover-${flag}-state`)
  if (found.problems.length > 0)
    actions.push({
      level: 'bad',
      text: `Rebuild the ${name} state from the stores: ${found.problems.join('; ')}`,
      command: recover,
    })
  else if (found.stateIsMissing)
    actions.push({
      level: 'warn',
      text: `Rebuild the ${name} state: ${destination} holds runs, but no state tells of any`,
      command: recover,
    })
  const failures = contiguousRanges(found.failures)
  const late = contiguousRanges(found.late)
  const missing = contiguousRanges(found.missing)
  const failed = intersectRanges(failures, waiting)
  const lost = subtractRanges(missing, failed)
  if (failed.length > 0)
    actions.push({
      level: 'warn',
      text: `Mend what is wrong with ${runs(countRuns(failed))} that failed ${name === 'import' ? 'to be imported' : 'to be migrated'} (${formatRanges(failed)}), then retry`,
      command: command(`--retry-failed-${flag}`),
    })
  if (found.arrivedFailures.length > 0)
    actions.push({
      level: 'warn',
      text: `${runs(found.arrivedFailures.length)} of the ${name} failure log are in ${destination} already; a retry takes them out of the log`,
      command: command(`--retry-failed-${flag}`),
    })
  if (found.lostFailures.length > 0)
    actions.push({
      level: 'warn',
      text: `${runs(found.lostFailures.length)} of the ${name} failure log are no longer ${source}; rebuilding the state takes them out of the log`,
      command: recover,
    })
  if (lost.length > 0)
    actions.push({
      level: 'warn',
      text: `${runs(countRuns(lost))} that the ${name} state counts as done are not in ${destination} (${formatRanges(lost)}); take them once more`,
      command: command(`--${flag}-only --incremental --catch-up`),
    })
  const passedOver = subtractRanges(late, missing)
  if (passedOver.length > 0)
    actions.push({
      level: 'warn',
      text: `${runs(countRuns(passedOver))} appeared late, passed over by incremental executions (${formatRanges(passedOver)})`,
      command: command(`--${flag}-only --incremental --catch-up`),
    })
  const fresh = subtractRanges(subtractRanges(waiting, failures), late)
  if (fresh.length > 0)
    actions.push({
      level: 'wait',
      text: `${runs(countRuns(fresh))} ${source} ${countRuns(fresh) === 1 ? 'waits' : 'wait'} for ${name} (${formatRanges(fresh)})`,
      command: command(`--${flag}-only --incremental`),
    })
  return actions
}

function runs(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'run' : 'runs'}`
}
