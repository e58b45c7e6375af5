import { cutToWidth } from '@holdfast/cli-kit'
import type { FailureReport, LoggedFailure } from '../runs/list-failures.js'
import { renderTable } from './render-table.js'

const ERROR_COLUMNS = 200

/** The failure logs as a table; whole messages are in the JSON form. */
export function renderFailureTable({ failures, problems }: FailureReport): string {
  const told = problems.map((problem) => `Problem: ${problem}\n`).join('')
  if (failures.length === 0) return `No failed runs\n${told}`
  return `${renderTable([['RUN', 'STAGE', 'ATTEMPTS', 'SINCE', 'ERROR'], ...failures.map(toRow)])}${told}`
}

function toRow({ run, stage, attempts, since, error, arrived }: LoggedFailure): string[] {
  const [first = 'unknown'] = (error ?? 'unknown').split('\n')
  const note = arrived === true ? 'has arrived meanwhile; ' : ''
  return [String(run), stage, attempts?.toString() ?? '-', since ?? '-', cutToWidth(note + first, ERROR_COLUMNS)]
}
