import type { BatchInput, BatchResult } from '../../batch/run-batch.js'
import { shorten } from '../shorten.js'
import { formatDuration } from './format-duration.js'
import { describeEnd } from './render-result.js'
import { renderTable } from './table.js'

/** The table that a batch ends with, an input a line. */
export function renderBatch({ status, durationMs, inputs, notBegun }: BatchResult): string {
  const rows = inputs.map((input) => [
    input.fileId,
    describeOutcome(input),
    input.isUnchanged ? '' : formatDuration(input.durationMs),
    shorten((input.reason ?? '').split('\n')[0] ?? '', MAX_REASON),
  ])
  const count = (wanted: BatchInput['status']): number => inputs.filter((input) => input.status === wanted).length
  const parts = [
    `${count('success')} of ${inputs.length + notBegun.length} inputs done`,
    `${inputs.filter(({ isUnchanged }) => isUnchanged).length} of them unchanged`,
    `${count('partial')} partly`,
    `${count('failed')} failed`,
    ...(notBegun.length > 0 ? [`${notBegun.length} not begun`] : []),
  ]
  const table = rows.length === 0 ? '' : renderTable([HEAD, ...rows])
  return `${table}\n${parts.join(', ')}; ${describeEnd({ status, durationMs })}\n`
}

export function describeOutcome({ status, isUnchanged }: BatchInput): string {
  return isUnchanged ? 'unchanged' : status
}

const HEAD = ['INPUT', 'STATUS', 'TIME', 'REASON']
const MAX_REASON = 160
