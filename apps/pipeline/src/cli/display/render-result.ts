import { harmless, harmlessLines } from '@holdfast/cli-kit'
import type { PhaseResult } from '../../run/events.js'
import type { RunResult } from '../../run/run-pipeline.js'
import { shorten } from '../shorten.js'
import { formatDuration } from './format-duration.js'
import { renderTable } from './table.js'

/** The table that a run ends with, and what people should know of what failed. */
export function renderResult(result: RunResult): string {
  const rows = result.phases.map((phase) => [
    phase.phase,
    phase.name,
    phase.status,
    describeItems(phase),
    String(phase.attempts),
    phase.status === 'skipped' || phase.status === 'unchanged' ? '' : formatDuration(phase.durationMs),
    shorten((phase.reason ?? '').split('\n')[0] ?? '', MAX_REASON),
  ])
  const tails = result.phases.filter(({ status, tail }) => status !== 'success' && tail !== undefined && tail !== '')
  return [
    renderTable([HEAD, ...rows]),
    ...tails.map(({ phase, tail }) => `\n${phase}, the last it wrote:\n${indent(harmlessLines(tail ?? ''))}\n`),
    `\n${harmless(result.fileId)}: ${describeEnd(result)}\n`,
  ].join('')
}

const HEAD = ['PHASE', 'NAME', 'STATUS', 'ITEMS', 'ATTEMPTS', 'TIME', 'REASON']
const MAX_REASON = 160

/** `partly done in 3m 05s` */
export function describeEnd({ status, durationMs }: Pick<RunResult, 'status' | 'durationMs'>): string {
  const time = formatDuration(durationMs)
  if (status === 'cancelled') return `interrupted after ${time}; run it again to go on`
  return `${{ success: 'done', partial: 'partly done', failed: 'failed' }[status]} in ${time}`
}

function describeItems({ items }: PhaseResult): string {
  if (items === undefined) return ''
  const { total, failed, unchanged } = items
  return `${total - failed}/${total}${unchanged > 0 ? `, ${unchanged} unchanged` : ''}`
}

function indent(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n')
}
