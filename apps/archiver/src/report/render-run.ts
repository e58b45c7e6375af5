import { harmless } from '@holdfast/cli-kit'
import type { Place, RunReport, StageOfRun } from '../runs/describe-run.js'
import { formatBytes } from './format-bytes.js'

/** Everything that is known about a run, for people. */
export function renderRun(report: RunReport): string {
  const { run, filesystem, artdaqdb, ucondb, problems, next, nearest } = report
  if (report.isUnknown) {
    const near = nearest.length === 0 ? 'No run is known at all' : `The nearest known runs are ${nearest.join(', ')}`
    return [`Run ${run} is in no place and in no failure log`, `  ${near}`, ...listProblems(problems), ''].join('\n')
  }
  return [
    `Run ${run}`,
    ...place('Run records', filesystem, ({ folder, files, bytes, newestMtime }) => [
      ['Folder', folder],
      ['Files', `${files}, ${formatBytes(bytes)}`],
      ['Newest', newestMtime ?? 'it is empty'],
    ]),
    ...place('artdaqDB', artdaqdb, ({ configuration, configurations, version, entities, missing }) => [
      ['Configuration', configuration],
      ...others(configurations.filter((name) => name !== configuration)),
      ['Version', version],
      ['Entities', `${entities.length}: ${entities.join(', ')}`],
      ['Complete', missing.length === 0 ? 'yes' : `no, without ${missing.join(', ')}`],
    ]),
    ...place('UconDB', ucondb, ({ key, size, adler32, sha256, storedAt }) => [
      ['Key', key],
      ['Size', formatBytes(size)],
      ['Adler-32', adler32],
      ...(sha256 === undefined ? [] : ([['SHA-256', sha256]] as const)),
      ['Stored', storedAt],
    ]),
    ...stage('Import', report.import),
    ...stage('Migration', report.migration),
    ...listProblems(problems),
    `Next: ${harmless(next.text)}`,
    ...(next.command === undefined ? [] : [`  ${harmless(next.command)}`]),
    '',
  ].join('\n')
}

type Row = readonly [label: string, value: string]

function place<T>(title: string, { location, found, error }: Place<T>, rowsOf: (found: T) => readonly Row[]): string[] {
  const lines = [`  ${title} (${harmless(location)})`]
  if (error !== undefined) return [...lines, `    CANNOT BE READ: ${harmless(error)}`]
  return found === undefined ? [...lines, '    is not there'] : [...lines, ...rowsOf(found).map(row)]
}

function row([label, value]: Row): string {
  return `    ${`${label}:`.padEnd(15)}${harmless(value)}`
}

function others(configurations: readonly string[]): Row[] {
  return configurations.length === 0 ? [] : [['Also as', configurations.join(', ')]]
}

function stage(title: string, { inFailureLog, outcome, at, failingSince, ...rest }: StageOfRun): string[] {
  const rows: Row[] = [['Failure log', inFailureLog ? 'it is in there' : 'no']]
  if (outcome !== undefined) rows.push(['Last time', `${outcome}, ${at}`])
  if (failingSince !== undefined) rows.push(['Failing since', failingSince])
  if (outcome !== undefined) rows.push(['Attempts', `${rest.attempts} in ${countOf(rest.executions)}`])
  if (rest.error !== undefined) rows.push(['Error', rest.error])
  if (outcome === undefined && inFailureLog) rows.push(['Error', 'unknown: the history has nothing about it'])
  return [`  ${title}`, ...rows.map(row)]
}

function countOf(executions: number | undefined): string {
  return executions === 1 ? '1 execution' : `${executions} executions`
}

function listProblems(problems: readonly string[]): string[] {
  return problems.map((problem) => `  Problem: ${harmless(problem)}`)
}
