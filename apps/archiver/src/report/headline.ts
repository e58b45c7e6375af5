import type { Discrepancy } from './find-discrepancies.js'
import { countOf } from './format.js'
import { countRuns, subtractRanges } from './run-ranges.js'
import type { StatusReport } from './status-report.js'

/** One line that says whether all is well. */
export interface Headline {
  readonly level: 'bad' | 'warn' | 'wait' | 'ok'
  /** For the title of the page, too. */
  readonly verdict: string
  readonly detail: string
}

export function makeHeadline(
  { filesystem, artdaqdb, ucondb, stages }: StatusReport,
  failures: number,
  discrepancies: readonly Discrepancy[],
): Headline {
  const unreadable = [
    ...(filesystem.error === undefined ? [] : ['the run records']),
    ...(artdaqdb.error === undefined ? [] : ['artdaqDB']),
    ...(ucondb.error === undefined ? [] : ['UconDB']),
  ]
  if (unreadable.length > 0)
    return {
      level: 'bad',
      verdict: 'Cannot tell',
      detail: `${list(unreadable)} cannot be read, so nobody knows whether all is archived`,
    }
  if ([stages?.import, stages?.migration].some((stage) => (stage?.problems.length ?? 0) > 0))
    return {
      level: 'bad',
      verdict: 'Damaged state',
      detail: 'the state has to be rebuilt before the archiver can go on by itself',
    }
  const [records, database, archive] = [filesystem.ranges ?? [], artdaqdb.ranges ?? [], ucondb.ranges ?? []]
  const imports = countRuns(subtractRanges(records, database))
  const migrations = countRuns(subtractRanges(database, archive))
  const waiting = [
    ...(imports > 0 ? [`${countOf(imports, 'run')} not yet in artdaqDB`] : []),
    ...(migrations > 0 ? [`${countOf(migrations, 'run')} of artdaqDB not yet in UconDB`] : []),
  ]
  if (failures + discrepancies.length > 0) {
    const reasons = [
      ...(failures > 0 ? [`${countOf(failures, 'failed run')} to look at`] : []),
      ...(discrepancies.length > 0 ? [`${countOf(discrepancies.length, 'difference')} between state and stores`] : []),
    ]
    return { level: 'warn', verdict: 'Needs attention', detail: list(reasons) }
  }
  if (waiting.length > 0)
    return { level: 'wait', verdict: 'Nothing failed', detail: `${waiting.join(', ')}: for the next execution` }
  const total = filesystem.totalRuns ?? 0
  if (total + (artdaqdb.totalRuns ?? 0) + (ucondb.totalRuns ?? 0) === 0)
    return { level: 'ok', verdict: 'All is well', detail: 'there are no runs yet, neither on disk nor archived' }
  return {
    level: 'ok',
    verdict: 'All is well',
    detail:
      total === 0
        ? 'no runs are on disk, and what artdaqDB holds is in UconDB'
        : `${total === 1 ? 'the only run' : `all ${countOf(total, 'run')}`} on disk ${total === 1 ? 'is' : 'are'} in artdaqDB and in UconDB`,
  }
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
