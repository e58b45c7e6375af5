import { harmless } from '@holdfast/cli-kit'
import type { InputState, PhaseState } from '../../status/read-status.js'
import { shorten } from '../shorten.js'
import { formatDuration } from './format-duration.js'
import { renderTable } from './table.js'

/** What is recorded, an input after the other. */
export function renderStatus(inputs: readonly InputState[], now: number): string {
  if (inputs.length === 0) return 'Nothing is recorded yet\n'
  return inputs.map((input) => renderInput(input, now)).join('\n')
}

function renderInput({ fileId, input, status, phases }: InputState, now: number): string {
  const name = input === undefined ? '' : ` (${harmless(input)})`
  const rows = phases.map((phase) => [
    `  ${phase.phase}`,
    phase.status,
    describeItems(phase),
    String(phase.attempts ?? ''),
    describeTime(phase, now),
    shorten(describeOwner(phase) ?? phase.reason?.split('\n')[0] ?? '', MAX_REASON),
  ])
  return `${harmless(fileId)}${name}: ${status}\n${renderTable([HEAD, ...rows])}`
}

const HEAD = ['  PHASE', 'STATUS', 'ITEMS', 'ATTEMPTS', 'TIME', '']
const MAX_REASON = 160

function describeItems({ items }: PhaseState): string {
  if (items === undefined) return ''
  return `${items.success + items.skipped}/${items.total}${items.failed > 0 ? `, ${items.failed} failed` : ''}`
}

function describeTime({ started, durationSeconds, status }: PhaseState, now: number): string {
  if (durationSeconds !== undefined) return formatDuration(durationSeconds * 1000)
  return status === 'running' && started !== undefined ? formatDuration(now - Date.parse(started)) : ''
}

function describeOwner({ owner }: PhaseState): string | undefined {
  if (owner === undefined) return undefined
  const name = `process ${owner.pid ?? '?'}${owner.host === undefined ? '' : ` on ${owner.host}`}`
  if (owner.isAlive === 'unknown') return `${name}; whether it is alive can be seen there only`
  return owner.isAlive ? `${name} is alive` : `${name} is gone; the next run takes it up`
}
