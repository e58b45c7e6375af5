import { type Html, html } from '@holdfast/cli-kit'
import { formatDuration, formatInstant } from './format.js'
import { statusWord } from './render-status.js'
import type { InputFacts, Span, WorkFacts } from './report-facts.js'
import { makeTimeAxis, type TimeAxis } from './time-axis.js'

const WIDTH = 1000
const LABEL_WIDTH = 190
const RIGHT_MARGIN = 90
const ROW_HEIGHT = 22
const HEAD_HEIGHT = 26
const MIN_BAR = 2
const MAX_LABEL = 26
/** A mark of the axis needs about this much room. */
const TICK_ROOM = 75

interface Row {
  readonly work: WorkFacts
  readonly label: string
  readonly isItem: boolean
}

/** A Gantt chart of phases and their slowest items. What it shows is in the tables, too. */
export function renderTimeline({ phases, span }: InputFacts): Html {
  if (span === undefined) return html`<p class="soft">Nothing has been begun yet.</p>`
  const rows: Row[] = phases.flatMap((phase) => [
    { work: phase, label: phase.name, isItem: false },
    ...phase.slowest.map((work) => ({ work, label: work.id, isItem: true })),
  ])
  const axis = makeTimeAxis(rows.flatMap(({ work }) => (work.span === undefined ? [] : [work.span])))
  const height = HEAD_HEIGHT + rows.length * ROW_HEIGHT + 4
  const label = `Timeline of ${phases.length} phases from ${formatInstant(span.startMs)} to ${formatInstant(span.endMs)}`
  return html`<div class="scroll" role="region" aria-label="Timeline" tabindex="0">
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${label}; the table of phases says the same">
${renderAxis(axis, height)}
${rows.map((row, index) => renderRow(row, axis, HEAD_HEIGHT + index * ROW_HEIGHT))}
</svg></div>
<p class="soft">${renderLegend(rows, axis)}</p>`
}

function renderAxis(axis: TimeAxis, height: number): Html {
  let last = Number.NEGATIVE_INFINITY
  const first = axis.ticks[0]?.ms ?? 0
  const ticks = axis.ticks.filter(({ place }) => {
    const isFree = toX(place) - last >= TICK_ROOM
    if (isFree) last = toX(place)
    return isFree
  })
  const hasMs = ticks.some(({ ms }, index) => index > 0 && ms - (ticks[index - 1]?.ms ?? 0) < 1000)
  return html`${axis.breaks.map(
    ({ place, width, ms }) =>
      html`<rect class="cut" x="${round(toX(place))}" y="${HEAD_HEIGHT}" width="${round(toWidth(width))}" height="${height - HEAD_HEIGHT}"><title>${formatDuration(ms)} without work</title></rect>
<line class="cut" x1="${round(toX(place + width / 2))}" y1="${HEAD_HEIGHT}" x2="${round(toX(place + width / 2))}" y2="${height}"/>`,
  )}${ticks.map(
    ({ place, ms }) =>
      html`<line x1="${round(toX(place))}" y1="${HEAD_HEIGHT - 6}" x2="${round(toX(place))}" y2="${height}"/><text class="soft" x="${round(toX(place))}" y="14">${formatTick(ms, first, hasMs)}</text>`,
  )}`
}

/** The day only where it is another one. */
function formatTick(ms: number, first: number, hasMs: boolean): string {
  const iso = new Date(ms).toISOString()
  const time = iso.slice(11, hasMs ? 23 : 19)
  return iso.slice(0, 10) === new Date(first).toISOString().slice(0, 10)
    ? time
    : `${iso.slice(5, 10)} ${iso.slice(11, 16)}`
}

function renderRow({ work, label, isItem }: Row, axis: TimeAxis, y: number): Html {
  const { span, status } = work
  const text = isItem
    ? html`<text class="soft" x="14" y="${y + 15}">${shorten(label)}</text>`
    : html`<text x="0" y="${y + 15}">${shorten(label)}</text>`
  if (span === undefined)
    return html`${text}<text class="soft" x="${LABEL_WIDTH}" y="${y + 15}">${statusWord(status)}</text>`
  const [x, width] = [toX(axis.place(span.startMs)), barWidth(span, axis)]
  const time = formatDuration(span.endMs - span.startMs)
  return html`${text}<g class="${status}"><rect class="${isItem ? 'item' : 'phase'}" x="${round(x)}" y="${y + (isItem ? 6 : 3)}" width="${round(width)}" height="${isItem ? 10 : 16}" rx="2"><title>${label}: ${statusWord(status)}, ${time}</title></rect></g><text class="soft" x="${round(x + width + 6)}" y="${y + 15}">${time}</text>`
}

function barWidth(span: Span, axis: TimeAxis): number {
  return Math.max(MIN_BAR, toWidth(axis.place(span.endMs) - axis.place(span.startMs)))
}

function renderLegend(rows: readonly Row[], { breaks }: TimeAxis): string {
  const texts = ['Times are UTC.']
  if (rows.some(({ isItem }) => isItem)) texts.push('Thin bars are the slowest items of the phase above them.')
  if (breaks.length > 0) {
    const longest = Math.max(...breaks.map(({ ms }) => ms))
    texts.push(`Dashed lines stand for pauses that are left out, the longest of ${formatDuration(longest)}.`)
  }
  return texts.join(' ')
}

function toX(place: number): number {
  return LABEL_WIDTH + toWidth(place)
}

function toWidth(part: number): number {
  return part * (WIDTH - LABEL_WIDTH - RIGHT_MARGIN)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function shorten(text: string): string {
  const chars = [...text]
  return chars.length <= MAX_LABEL ? text : `${chars.slice(0, MAX_LABEL - 10).join('')}…${chars.slice(-9).join('')}`
}
