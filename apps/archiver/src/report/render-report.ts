import type { StageComparison } from './compare-stage.js'
import { contiguousRanges, formatRanges, formatRuns } from './run-ranges.js'
import type { Recommendation, StatusReport, StoreStatus } from './status-report.js'

const HEAVY = '='.repeat(70)
const LIGHT = '-'.repeat(70)

/** The report as text, in the order and with the labels that operators know from the Python archiver. */
export function renderReport(report: StatusReport): string {
  const { filesystem, artdaqdb, ucondb, stages } = report
  return [
    ...heading('RUN RECORD ARCHIVER - STATUS REPORT'),
    '',
    ...heading('DATA SOURCE SUMMARY'),
    '',
    'FILESYSTEM (Source)',
    LIGHT,
    row('Location', filesystem.location),
    ...storeRows(filesystem),
    '',
    'ARTDAQDB (Intermediate Storage)',
    LIGHT,
    row('Database URI', artdaqdb.location),
    ...storeRows(artdaqdb),
    '',
    'UCONDB (Long-term Storage)',
    LIGHT,
    row('Server URL', ucondb.location),
    row('Folder/Object', `${ucondb.folder}/${ucondb.object}`),
    ...storeRows(ucondb),
    ...(stages === undefined ? [] : ['', ...heading('STATE COMPARISON')]),
    ...(stages === undefined ? [] : stageRows('IMPORT STAGE STATE', 'ArtdaqDB', 'import', stages.import)),
    ...(stages === undefined ? [] : stageRows('MIGRATION STAGE STATE', 'UconDB', 'migration', stages.migration)),
    '',
    ...heading('RECOMMENDATIONS'),
    ...recommendationRows(report),
    '',
    ...heading('END OF STATUS REPORT'),
    '',
  ].join('\n')
}

function heading(title: string): string[] {
  return [HEAVY, title, HEAVY]
}

function row(label: string, value: string | number): string {
  return `  ${`${label}:`.padEnd(17)}${value}`
}

function stateRow(label: string, value: string | number): string {
  return `  ${`${label}:`.padEnd(21)}${value}`
}

function storeRows(store: StoreStatus): string[] {
  if (store.error !== undefined) return [row('Status', `CANNOT BE READ: ${store.error}`)]
  const { firstRun, lastRun, ranges = [], gaps = [], totalRuns = 0 } = store
  if (firstRun === undefined || lastRun === undefined)
    return [row('Total Runs', totalRuns), row('Status', 'No runs found')]
  return [
    row('Total Runs', totalRuns),
    row('Range', `${firstRun} to ${lastRun}`),
    row('Contiguous', formatRanges(ranges)),
    row('Gaps', formatRuns(gaps, 20)),
  ]
}

function stageRows(title: string, destination: string, name: string, stage: StageComparison): string[] {
  const { lastContiguousRun: last, missing, newRuns, failures, problems } = stage
  const rows = ['', title, LIGHT, stateRow('Last Contiguous Run', last)]
  for (const problem of problems) rows.push(stateRow('Problem', problem))
  if (!stage.comparable) rows.push(stateRow('Status', 'Not compared, since a store cannot be read'))
  else if (last === 0) rows.push(stateRow('Status', `No ${name} state recorded`))
  else if (missing.length > 0) {
    rows.push(
      stateRow(`Missing in ${destination}`, `${missing.length} run(s) before last contiguous (${listRuns(missing)})`),
    )
  } else rows.push(stateRow('Status', `All expected runs present in ${destination}`))
  if (newRuns.length > 0) {
    rows.push(
      stateRow(
        'New Runs Available',
        `${newRuns.length} run(s) since last state update (range: ${newRuns[0]}-${newRuns.at(-1)})`,
      ),
    )
  }
  if (failures.length > 0)
    rows.push(stateRow('Failed Runs', `${failures.length} run(s) logged as failed (${listRuns(failures)})`))
  return rows
}

function listRuns(runs: readonly number[]): string {
  return formatRuns(contiguousRanges(runs), 10)
}

function recommendationRows(report: StatusReport): string[] {
  if (report.recommendations.length === 0) return ['1. Mend the stores that cannot be read, then report again']
  return report.recommendations.map((recommendation, index) => `${index + 1}. ${recommendationText(recommendation)}`)
}

function recommendationText({ kind, runs, firstRun, lastRun }: Recommendation): string {
  switch (kind) {
    case 'import':
      return `Run IMPORTER: ${runs} run(s) on filesystem not in artdaqDB (range: ${firstRun}-${lastRun})`
    case 'migrate':
      return `Run MIGRATOR: ${runs} run(s) in artdaqDB not in UconDB (range: ${firstRun}-${lastRun})`
    case 'orphaned':
      return `WARNING: ${runs} run(s) in artdaqDB but not on filesystem (may have been deleted)`
    case 'archive-only':
      return `INFO: ${runs} run(s) in UconDB but not in artdaqDB (may have been cleaned up from intermediate storage)`
    case 'synchronized':
      return 'All systems are synchronized - no action needed'
  }
}
