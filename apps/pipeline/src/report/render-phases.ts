import { type Html, html } from '@holdfast/cli-kit'
import { formatCount, formatDuration, formatInstant, toIso } from './format.js'
import { renderLink, renderStatus, statusWord } from './render-status.js'
import type { InputFacts, PhaseFacts, ReportStatus } from './report-facts.js'

export function renderPhases({ phases }: InputFacts): Html {
  return html`<div class="scroll" role="region" aria-label="Phases" tabindex="0"><table>
<caption>Each phase as it was run last</caption>
<thead><tr><th scope="col">Phase</th><th scope="col">State</th><th scope="col">Begun</th><th scope="col" class="number">Took</th><th scope="col" class="number">Attempts</th><th scope="col">Items</th><th scope="col">Reason and results</th></tr></thead>
<tbody>${phases.map(renderPhase)}</tbody></table></div>`
}

function renderPhase(phase: PhaseFacts): Html {
  const { id, name: title, status, span, attempts, reasons, metrics, log } = phase
  return html`<tr><th scope="row">${title}${title === id ? undefined : html` <span class="soft">${id}</span>`}</th><td>${renderStatus(status)}</td><td>${span === undefined ? '–' : html`<time datetime="${toIso(span.startMs)}">${formatInstant(span.startMs)}</time>`}</td><td class="number">${span === undefined ? '–' : formatDuration(span.endMs - span.startMs)}</td><td class="number">${attempts ?? '–'}</td><td>${renderItems(phase)}</td><td><ul class="plain">${status === 'success' ? undefined : reasons.map((reason) => html`<li>${reason}</li>`)}${metrics.map(([name, value]) => html`<li>${name}: ${value}</li>`)}${log === undefined ? undefined : html`<li>${renderLink(log)}</li>`}</ul></td></tr>
`
}

function renderItems({ items, retries }: PhaseFacts): Html {
  if (items === undefined) return html`–`
  const counts = Object.entries(items.counts).map(
    ([status, count]) => `${formatCount(count)} ${statusWord(status as ReportStatus)}`,
  )
  const again = retries === 0 ? [] : [`${formatCount(retries)} attempts more than items`]
  return html`${formatCount(items.total)}: ${[...counts, ...again].join(', ')}`
}
