import { createHash } from 'node:crypto'
import { Html, html } from '@holdfast/cli-kit'
import { formatCount, formatDuration, formatInstant, toIso } from './format.js'
import { renderArtifacts, renderFailures, renderHistory } from './render-details.js'
import { renderPhases } from './render-phases.js'
import { renderStatus, statusWord } from './render-status.js'
import { renderTimeline } from './render-timeline.js'
import type { InputFacts, ReportFacts } from './report-facts.js'
import { STYLE } from './style.js'

/**
 * One page of HTML that needs nothing else: no script, no network (its policy forbids both), light and dark, for paper and for screen readers. Every text of the
 * facts is escaped.
 */
export function renderReport(facts: ReportFacts): string {
  const { inputs, history, statePath } = facts
  const [only] = inputs.length === 1 ? inputs : []
  const title = only === undefined ? `${formatCount(inputs.length + facts.inputsLeftOut)} inputs` : only.fileId
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hashOf(STYLE)}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<title>${only === undefined ? title : `${title}: ${statusWord(only.status)}`}</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>Pipeline report: ${title}</h1>
${only === undefined ? undefined : renderHead(only)}
<dl>
${facts.pipeline === undefined ? undefined : html`<dt>Pipeline</dt><dd>${facts.pipeline}</dd>`}
<dt>Document</dt><dd class="path">${statePath}${facts.version === undefined ? undefined : html` <span class="soft">(form ${facts.version})</span>`}</dd>
${facts.createdAtMs === undefined ? undefined : renderTime('Created', facts.createdAtMs)}
${facts.updatedAtMs === undefined ? undefined : renderTime('Last changed', facts.updatedAtMs)}
${renderTime('This report', facts.generatedAtMs)}
</dl>
</header>
<main>
${inputs.length === 0 ? html`<p>The document tells of no input.</p>` : undefined}
${only === undefined && inputs.length > 0 ? renderOverview(facts) : undefined}
${inputs.map((input, index) => renderInput(input, only === undefined ? index : undefined))}
<section aria-labelledby="history"><h2 id="history">History</h2>
${renderHistory(history)}</section>
</main>
<footer><p>Made by <code>pipeline report</code> from what the document tells. Files are not looked at: <code>pipeline run --dry-run</code> does that.</p></footer>
</body>
</html>
`
  return page.text
}

function renderHead(input: InputFacts): Html {
  const { status, path, span, workMs } = input
  return html`<dl>
<dt>State</dt><dd>${renderStatus(status)}${describeAttention(input)}</dd>
${path === undefined ? undefined : html`<dt>Input</dt><dd class="path">${path}</dd>`}
<dt>File id</dt><dd class="path">${input.fileId}</dd>
${
  span === undefined
    ? undefined
    : html`${renderTime('Begun', span.startMs)}${renderTime(status === 'running' ? 'Seen last' : 'Ended', span.endMs)}
<dt>From begin to end</dt><dd>${formatDuration(span.endMs - span.startMs)}</dd>
<dt>Of that at work</dt><dd>${formatDuration(workMs)}</dd>`
}
</dl>`
}

function describeAttention({ failures, failuresLeftOut }: InputFacts): string | undefined {
  const count = failures.length + failuresLeftOut
  return count === 0 ? undefined : `, ${formatCount(count)} ${count === 1 ? 'failure' : 'failures'}`
}

function renderInput(input: InputFacts, index: number | undefined): Html {
  const prefix = index === undefined ? '' : `input${index}-`
  const section = (id: string, title: string, content: Html): Html =>
    index === undefined
      ? html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}</section>
`
      : html`<section aria-labelledby="${prefix}${id}"><h3 id="${prefix}${id}">${title}</h3>
${content}</section>
`
  const sections = html`${section('failures', 'Failures', renderFailures(input, index === undefined ? 3 : 4))}${section('timeline', 'Timeline', renderTimeline(input))}${section('phases', 'Phases', renderPhases(input))}${section('artifacts', 'Artifacts', renderArtifacts(input))}`
  if (index === undefined) return sections
  return html`<section aria-labelledby="input${index}"><h2 id="input${index}">${input.fileId}</h2>
${renderHead(input)}${sections}</section>
`
}

function renderOverview({ inputs, inputsLeftOut }: ReportFacts): Html {
  return html`<section aria-labelledby="overview"><h2 id="overview">Inputs</h2><div class="scroll" role="region" aria-label="Inputs" tabindex="0"><table>
<caption>Those that need attention come first${inputsLeftOut === 0 ? undefined : `; ${formatCount(inputsLeftOut)} are not shown: --file-id makes a report of one`}</caption>
<thead><tr><th scope="col">Input</th><th scope="col">State</th><th scope="col">Phases</th><th scope="col" class="number">Took</th></tr></thead>
<tbody>${inputs.map(
    ({ fileId, status, phases, workMs }, index) =>
      html`<tr><th scope="row"><a href="#input${index}">${fileId}</a></th><td>${renderStatus(status)}</td><td>${phases.filter((phase) => phase.status === 'success').length} of ${phases.length} done</td><td class="number">${formatDuration(workMs)}</td></tr>
`,
  )}</tbody></table></div></section>`
}

function renderTime(label: string, ms: number): Html {
  return html`<dt>${label}</dt><dd><time datetime="${toIso(ms)}">${formatInstant(ms)}</time></dd>
`
}

function hashOf(style: string): Html {
  return new Html(createHash('sha256').update(style).digest('base64'))
}
