import { type Html, html } from '@holdfast/cli-kit'
import { formatBytes, formatCount, formatDuration } from './format.js'
import { renderLink, renderStatus } from './render-status.js'
import type { FailureFacts, HistoryFacts, InputFacts } from './report-facts.js'

/** @param level of the headings of the failures */
export function renderFailures({ failures, failuresLeftOut }: InputFacts, level: 3 | 4): Html {
  if (failures.length === 0) return html`<p>Nothing has failed.</p>`
  const shown = failures.map((failure) => renderFailure(failure, level))
  const rest = failures.length + failuresLeftOut - OPEN_FAILURES
  if (rest <= 0) return html`${shown}`
  return html`${shown.slice(0, OPEN_FAILURES)}<details><summary>${formatCount(rest)} more ${rest === 1 ? 'failure' : 'failures'}</summary>
${shown.slice(OPEN_FAILURES)}${failuresLeftOut === 0 ? undefined : html`<p>And ${formatCount(failuresLeftOut)} that are only in the document.</p>`}</details>`
}

/** So many are seen at once. */
const OPEN_FAILURES = 5

function renderFailure({ phase, item, status, attempts, reasons, tail, log }: FailureFacts, level: 3 | 4): Html {
  const title = html`${phase}${item === undefined ? undefined : ` · ${item}`}`
  const [first, ...others] = reasons
  const times = attempts === undefined ? undefined : attempts === 1 ? ' after 1 attempt' : ` after ${attempts} attempts`
  return html`<article class="failure">${level === 3 ? html`<h3>${title}</h3>` : html`<h4>${title}</h4>`}
<p>${renderStatus(status)}${times}${first === undefined ? undefined : `: ${first}`}</p>
${others.length === 0 ? undefined : html`<ul>${others.map((reason) => html`<li>${reason}</li>`)}</ul>`}
${tail === undefined ? undefined : html`<pre tabindex="0" aria-label="Its last lines">${tail}</pre>`}
${log === undefined ? undefined : html`<p>All of its output: ${renderLink(log)}</p>`}</article>
`
}

export function renderArtifacts({ artifacts, artifactCount, artifactBytes }: InputFacts): Html {
  if (artifactCount === 0) return html`<p class="soft">None are recorded.</p>`
  const left = artifactCount - artifacts.length
  return html`<div class="scroll" role="region" aria-label="Artifacts" tabindex="0"><table>
<caption>${formatCount(artifactCount)} files, ${formatBytes(artifactBytes)}${left === 0 ? undefined : `; ${formatCount(left)} of them are not shown here`}</caption>
<thead><tr><th scope="col">File</th><th scope="col">Made by</th><th scope="col" class="number">Size</th><th scope="col">SHA-256</th></tr></thead>
<tbody>${artifacts.map(
    ({ file, phase, item, name, bytes, sha256 }) =>
      html`<tr><td>${renderLink(file)}</td><td>${phase}${item === undefined ? undefined : ` · ${item}`}${name === undefined ? undefined : html` <span class="soft">${name}</span>`}</td><td class="number">${bytes === undefined ? '–' : formatBytes(bytes)}</td><td class="sum"><code>${sha256 ?? '–'}</code></td></tr>
`,
  )}</tbody></table></div>`
}

export function renderHistory(history: readonly HistoryFacts[]): Html {
  if (history.length === 0) return html`<p class="soft">There is no history beside the document.</p>`
  return html`<div class="scroll" role="region" aria-label="History" tabindex="0"><table>
<caption>The last ${history.length} transactions, newest first</caption>
<thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Result</th><th scope="col" class="number">Took</th><th scope="col">By</th></tr></thead>
<tbody>${history.map(
    ({ timestamp, operation, success, durationMs, label }) =>
      html`<tr><td><time>${timestamp}</time></td><td><code>${operation}</code></td><td>${success ? 'in the document' : html`<span class="status failed">not in the document</span>`}</td><td class="number">${durationMs === undefined ? '–' : formatDuration(durationMs)}</td><td>${label}</td></tr>
`,
  )}</tbody></table></div>`
}
