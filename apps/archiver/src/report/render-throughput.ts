import { Html, html } from '@holdfast/cli-kit'
import type { RunEvent } from '../stages/run-events.js'
import { countOf, formatBytes, formatCount, formatDuration, formatInstant } from './format.js'
import type { PageFacts } from './page-facts.js'
import type { Throughput, ThroughputBar } from './throughput.js'

const CHART = { top: 18, height: 84, foot: 22 }
const TITLES = { Import: 'Import into artdaqDB', Migration: 'Migration into UconDB' } as const

/** Runs per hour, day or week, one chart per stage on one scale. */
export function renderThroughput({ throughput }: Pick<PageFacts, 'throughput'>): Html {
  if (throughput === undefined)
    return html`<p class="empty">No history yet. The archiver writes down what it does with each run; runs that were archived before it did, or by the Python archiver, are not in it.</p>`
  const { bars, stages, unit, older } = throughput
  const highest = bars.reduce((most, { counts }) => Math.max(most, total(counts.Import), total(counts.Migration)), 1)
  return html`<div class="charts">${stages.map(
    ({
      stage,
    }) => html`<figure><figcaption><strong>${TITLES[stage]}</strong> <span class="soft">runs per ${unit}</span></figcaption>
${drawChart(stage, throughput, highest)}</figure>
`,
  )}</div>
${older === 0 ? undefined : html`<p class="soft">${countOf(older, 'older entry', 'older entries')} of the history not drawn; the numbers below are of all.</p>`}
<div class="scroll" role="region" aria-label="Throughput in numbers" tabindex="0"><table>
<caption>The whole history</caption>
<thead><tr><th scope="col">Stage</th><th scope="col" class="number">Archived</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Time per run, median</th><th scope="col" class="number">9 of 10 below</th><th scope="col" class="number">Moved</th><th scope="col">Last success</th></tr></thead>
<tbody>${stages.map(
    ({ stage, succeeded, failed, medianMs, slowMs, bytes, lastSuccess }) =>
      html`<tr><th scope="row">${stage}</th><td class="number">${formatCount(succeeded)}</td><td class="number">${formatCount(failed)}</td><td class="number">${succeeded === 0 ? '–' : formatDuration(medianMs)}</td><td class="number">${succeeded === 0 ? '–' : formatDuration(slowMs)}</td><td class="number">${bytes === undefined ? '–' : formatBytes(bytes)}</td><td>${lastSuccess === undefined ? 'never' : html`run ${lastSuccess.run}, ${formatInstant(lastSuccess.atMs)}`}</td></tr>
`,
  )}</tbody></table></div>
<details><summary>Runs per ${unit} as a table</summary><div class="scroll" role="region" aria-label="Runs per ${unit}" tabindex="0"><table>
<caption>The newest first; ${unit}s without runs are left out</caption>
<thead><tr><th scope="col">${unit[0]?.toUpperCase()}${unit.slice(1)} from</th><th scope="col" class="number">Imported</th><th scope="col" class="number">Failed</th><th scope="col" class="number">Migrated</th><th scope="col" class="number">Failed</th></tr></thead>
<tbody>${bars
    .filter(({ counts }) => total(counts.Import) + total(counts.Migration) > 0)
    .toReversed()
    .map(
      ({ startMs, counts }) =>
        html`<tr><th scope="row">${nameBar(startMs, unit)}</th><td class="number">${formatCount(counts.Import.succeeded)}</td><td class="number">${formatCount(counts.Import.failed)}</td><td class="number">${formatCount(counts.Migration.succeeded)}</td><td class="number">${formatCount(counts.Migration.failed)}</td></tr>
`,
    )}</tbody></table></div></details>`
}

function drawChart(stage: RunEvent['stage'], { bars, unit }: Throughput, highest: number): Html {
  const scale = CHART.height / highest
  const floor = CHART.top + CHART.height
  const step = 100 / bars.length
  const width = round(step * (bars.length > 40 ? 0.84 : 0.72))
  const shown = bars.flatMap(({ startMs, counts }, index) => {
    const { succeeded, failed } = counts[stage]
    if (succeeded + failed === 0) return []
    const x = round(index * step + (step - width) / 2)
    const good = succeeded === 0 ? 0 : Math.max(1.5, succeeded * scale)
    // A single failure among thousands of runs has to be seen, too.
    const bad = failed === 0 ? 0 : Math.max(3, failed * scale)
    const say = `${nameBar(startMs, unit)}: ${formatCount(succeeded)} archived, ${formatCount(failed)} failed`
    return [
      html`<g><title>${say}</title>${good === 0 ? undefined : html`<rect class="whole" x="${x}%" y="${round(floor - good)}" width="${width}%" height="${round(good)}"/>`}${bad === 0 ? undefined : html`<rect class="failed" x="${x}%" y="${round(Math.max(0, floor - good - bad - 1))}" width="${width}%" height="${round(bad)}"/>`}</g>`,
    ]
  })
  return html`<svg role="img" height="${CHART.top + CHART.height + CHART.foot}" aria-label="${describeChart(stage, bars, unit)}">
<line class="grid" x1="0" x2="100%" y1="${CHART.top}" y2="${CHART.top}"/><line class="grid" x1="0" x2="100%" y1="${CHART.top + CHART.height / 2}" y2="${CHART.top + CHART.height / 2}"/>${shown}<line class="floor" x1="0" x2="100%" y1="${floor}" y2="${floor}"/>
<text x="100%" y="${CHART.top - 5}" text-anchor="end">${formatCount(highest)}</text>${nameEnds(bars, unit, floor + 16)}</svg>`
}

function nameEnds(bars: readonly ThroughputBar[], unit: Throughput['unit'], y: number): Html {
  const [first, last] = [bars[0], bars.at(-1)]
  if (first === undefined || last === undefined) return new Html('')
  if (bars.length < 3) return html`<text x="50%" y="${y}" text-anchor="middle">${nameBar(first.startMs, unit)}</text>`
  return html`<text x="0" y="${y}">${nameBar(first.startMs, unit)}</text><text x="100%" y="${y}" text-anchor="end">${nameBar(last.startMs, unit)}</text>`
}

function describeChart(stage: RunEvent['stage'], bars: readonly ThroughputBar[], unit: Throughput['unit']): string {
  const count = (outcome: 'succeeded' | 'failed'): number =>
    bars.reduce((sum, { counts }) => sum + counts[stage][outcome], 0)
  const from = nameBar(bars[0]?.startMs ?? 0, unit)
  const to = nameBar(bars.at(-1)?.startMs ?? 0, unit)
  return `${TITLES[stage]}, runs per ${unit} from ${from} to ${to}: ${formatCount(count('succeeded'))} archived, ${formatCount(count('failed'))} failed`
}

function nameBar(startMs: number, unit: Throughput['unit']): string {
  const text = formatInstant(startMs)
  return unit === 'hour' ? text : text.slice(0, 10)
}

function total({ succeeded, failed }: { readonly succeeded: number; readonly failed: number }): number {
  return succeeded + failed
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
