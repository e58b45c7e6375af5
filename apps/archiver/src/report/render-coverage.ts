import { type Html, html } from '@holdfast/cli-kit'
import type { Row, Stretch } from './coverage.js'
import { countOf, formatCount } from './format.js'
import type { PageFacts } from './page-facts.js'
import type { RunAxis } from './run-axis.js'

const HEIGHT = 42
const BAR = { y: 12, height: 18 }
/** Above the bar: what a person has to look at. Below it: what is absent. */
const ABOVE = { failed: { y: 0, height: 10 }, late: { y: 3, height: 7 } }
const BELOW = { waiting: { y: 32, height: 8 }, unused: { y: 32, height: 4 } }
/** Stretches that are narrower than this are seen all the same: their outline has a width of its own. */
const NARROW = 0.004
/** More narrow cuts than this would cover the bar with their outlines, as if hardly anything were there. */
const MOST_CUTS = 60

/** One row per store on one scale, as SVG that stretches with the window while its marks keep their size. */
export function renderCoverage({ stores, axis }: PageFacts): Html {
  if (axis === undefined) return html`<p class="empty">There are no runs in any of the three places yet.</p>`
  return html`<div class="strip">
${stores.map(({ name, status, row, waiting }) => {
  const total = status.totalRuns
  const told = total === undefined ? 'cannot be read' : countOf(total, 'run')
  return html`<div class="lane"><h3>${name} <span class="soft">${told}</span></h3>${
    row === undefined
      ? html`<p class="unread">Cannot be read, so nothing is known of it</p>`
      : html`<svg role="img" height="${HEIGHT}" aria-label="${describeRow(name, status, row, waiting)}">${drawRow(axis, row)}</svg>`
  }</div>
`
})}<div class="lane axis" aria-hidden="true"><span></span><svg height="22">${drawTicks(axis)}</svg></div>
</div>
${renderLegend(
  stores.flatMap(({ row }) => (row === undefined ? [] : [row])),
  axis,
)}`
}

function describeRow(name: string, status: PageFacts['stores'][number]['status'], row: Row, waiting: number): string {
  if (status.totalRuns === 0) return `${name}: no runs${waiting > 0 ? `, ${countOf(waiting, 'run')} to come` : ''}`
  const marks = [
    [sum(row.failed), 'failed'],
    [sum(row.late), 'late'],
    [waiting, 'to come'],
    [sum(row.unused), 'numbers without a run'],
  ] as const
  const told = marks.filter(([count]) => count > 0).map(([count, what]) => `, ${formatCount(count)} ${what}`)
  return `${name}: ${countOf(status.totalRuns ?? 0, 'run')} from ${status.firstRun} to ${status.lastRun}${told.join('')}`
}

function drawRow({ cuts }: RunAxis, row: Row): Html {
  const isDense = hasManyCuts(row)
  const draw = (kind: string, box: typeof BAR, stretches: readonly Stretch[], say: (one: Stretch) => string): Html[] =>
    stretches.map(
      (one) =>
        html`<rect class="${kind}${one.to - one.from < NARROW && !(isDense && kind === 'partial') ? ' thin' : ''}" x="${percent(one.from)}" y="${box.y}" width="${percent(one.to - one.from)}" height="${box.height}"><title>${say(one)}</title></rect>`,
    )
  const tell = ({ runs, first, last }: Stretch, what: string): string =>
    runs === last - first + 1
      ? `${name({ first, last })}: ${what}`
      : `${formatCount(runs)} from ${first} to ${last}: ${what}`
  return html`<rect class="track" x="0" y="${BAR.y}" width="100%" height="${BAR.height}"/>${draw('whole', BAR, row.whole, (one) => tell(one, 'here'))}${draw('partial', BAR, row.partial, (one) => tell(one, 'here'))}${draw('unused', BELOW.unused, row.unused, (one) => tell(one, 'no such run'))}${draw('waiting', BELOW.waiting, row.waiting, (one) => tell(one, 'not here yet'))}${draw('late', ABOVE.late, row.late, (one) => tell(one, 'late, passed over'))}${draw('failed', ABOVE.failed, row.failed, (one) => tell(one, 'failed'))}${cuts.map(
    ({ from, to, first, last }) =>
      html`<rect class="cut" x="${percent(from)}" y="${BAR.y - 2}" width="${percent(to - from)}" height="${BAR.height + 4}"><title>${first}–${last} left out: no such run anywhere</title></rect>`,
  )}`
}

function drawTicks({ ticks }: RunAxis): Html[] {
  return ticks.map(({ run, place }, index) => {
    const anchor = place < 0.06 ? 'start' : place > 0.94 ? 'end' : 'middle'
    return html`<g class="${index % 2 === 0 ? 'major' : 'minor'}"><line x1="${percent(place)}" x2="${percent(place)}" y1="0" y2="5"/><text x="${percent(place)}" y="18" text-anchor="${anchor}">${run}</text></g>`
  })
}

/** Only what is to be seen. Every mark has a shape and a place of its own: its colour is not needed. */
function renderLegend(rows: readonly Row[], { cuts }: RunAxis): Html {
  const has = (kind: keyof Row): boolean => rows.some((row) => row[kind].length > 0)
  // What is narrower looks like a cut through the bar.
  const isWide = (kind: keyof Row): boolean => rows.some((row) => row[kind].some(({ from, to }) => to - from >= NARROW))
  const hasPartial = isWide('partial') || rows.some(hasManyCuts)
  const entries = [
    [has('whole'), 'whole', BAR, 'here'],
    [hasPartial, 'partial', BAR, 'some here'],
    [has('failed'), 'failed', ABOVE.failed, 'failed'],
    [has('late'), 'late', ABOVE.late, 'late, passed over'],
    [has('waiting'), 'waiting', BELOW.waiting, 'to come: in the place before'],
    [has('unused'), 'unused', BELOW.unused, 'no such run'],
    [cuts.length > 0, 'cut', BAR, 'left out: no runs anywhere'],
  ] as const
  return html`<ul class="legend">${entries
    .filter(([isShown]) => isShown)
    .map(
      ([, kind, { y, height }, text]) =>
        html`<li><svg width="18" height="${HEIGHT}" aria-hidden="true"><rect class="track" x="0" y="${BAR.y}" width="18" height="${BAR.height}"/><rect class="${kind}" x="${height === BAR.height ? 0 : 6}" y="${y}" width="${height === BAR.height ? 18 : 6}" height="${height}"/></svg>${text}</li>`,
    )}</ul>`
}

function hasManyCuts({ partial }: Row): boolean {
  return partial.filter(({ from, to }) => to - from < NARROW).length > MOST_CUTS
}

function name({ first, last }: Pick<Stretch, 'first' | 'last'>): string {
  return first === last ? `${first}` : `${first}–${last}`
}

function sum(stretches: readonly Stretch[]): number {
  return stretches.reduce((total, { runs }) => total + runs, 0)
}

function percent(part: number): string {
  return `${Math.round(part * 10_000) / 100}%`
}
