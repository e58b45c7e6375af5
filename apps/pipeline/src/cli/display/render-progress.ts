import { styleText } from 'node:util'
import { harmless } from '@holdfast/cli-kit'
import { shorten } from '../shorten.js'
import { formatDuration } from './format-duration.js'
import { estimateRest, fractionOf, type PhaseProgress, type RunProgress } from './run-progress.js'

export interface RenderOptions {
  readonly now: number
  readonly columns: number
  readonly useColor: boolean
}

/** One line for each phase, and one for each of the items at work. */
export function renderProgress(progress: RunProgress, { now, columns, useColor }: RenderOptions): string[] {
  const width = Math.max(...progress.phases.map(({ id }) => id.length))
  const lines = progress.phases.flatMap((phase) => {
    const mark = MARKS[phase.status]
    const sign = phase.status === 'running' ? (FRAMES[Math.floor(now / FRAME_MS) % FRAMES.length] ?? '') : mark.sign
    const text = shorten(`${phase.id.padEnd(width)}  ${harmless(phase.name)}  ${describe(phase, now)}`, columns - 3)
    const line = `${useColor ? styleText(mark.color, sign, { validateStream: false }) : sign} ${text}`
    return [line, ...renderItems(phase, now, columns)]
  })
  return [...lines, `  ${formatDuration(now - progress.startedAt)}`]
}

/** Where a run is, in a few words. */
export function describeRun({ phases }: RunProgress, now: number): string {
  const running = phases.filter(({ status }) => status === 'running')
  const over = phases.filter(({ status }) => status !== 'running' && status !== 'waiting').length
  const now_ = running.map((phase) => `${phase.id} ${describe(phase, now)}`).join('; ')
  return `${over}/${phases.length} phases${now_ === '' ? '' : `  ${now_}`}`
}

function describe(phase: PhaseProgress, now: number): string {
  const { status, items, todo, done, failed, startedAt, durationMs, reason } = phase
  if (status === 'waiting') return ''
  if (status !== 'running') {
    const time = durationMs === undefined || status === 'unchanged' ? '' : formatDuration(durationMs)
    return [status === 'success' ? '' : status, time, reason === undefined ? '' : harmless(reason)]
      .filter(Boolean)
      .join('  ')
  }
  const fraction = fractionOf(phase)
  const rest = estimateRest(phase, now)
  const own = phase.active.get('')
  return [
    fraction === undefined ? '' : renderBar(fraction),
    items === undefined ? '' : `${done + failed}/${todo}${todo === items ? '' : ` of ${items}`} items`,
    failed > 0 ? `${failed} failed` : '',
    own?.message === undefined ? '' : harmless(own.message),
    startedAt === undefined ? '' : formatDuration(now - startedAt),
    rest === undefined ? '' : `about ${formatDuration(rest)} left`,
  ]
    .filter(Boolean)
    .join('  ')
}

function renderItems({ active }: PhaseProgress, now: number, columns: number): string[] {
  const items = [...active].filter(([id]) => id !== '')
  const lines = items.slice(0, MAX_ITEMS).map(([id, { startedAt, fraction, message }]) => {
    const percent = fraction === undefined ? '' : `  ${Math.round(fraction * 100)} %`
    const text = `${harmless(id)}${percent}${message === undefined ? '' : `  ${harmless(message)}`}`
    return `    ${shorten(`${text}  ${formatDuration(now - startedAt)}`, columns - 5)}`
  })
  return items.length > MAX_ITEMS ? [...lines, `    and ${items.length - MAX_ITEMS} more`] : lines
}

function renderBar(fraction: number): string {
  const full = Math.round(fraction * BAR_WIDTH)
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${Math.floor(fraction * 100)} %`
}

const MAX_ITEMS = 8
const BAR_WIDTH = 20
const FRAMES = ['|', '/', '-', '\\']
const FRAME_MS = 150

const MARKS = {
  waiting: { sign: '.', color: 'gray' },
  running: { sign: '|', color: 'cyan' },
  success: { sign: '+', color: 'green' },
  unchanged: { sign: '=', color: 'green' },
  partial: { sign: '!', color: 'yellow' },
  failed: { sign: 'x', color: 'red' },
  skipped: { sign: '-', color: 'gray' },
  cancelled: { sign: 'x', color: 'yellow' },
} as const
