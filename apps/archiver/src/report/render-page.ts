import { createHash } from 'node:crypto'
import { Html, html } from '@holdfast/cli-kit'
import { countOf, formatCount, formatDuration, formatInstant } from './format.js'
import type { PageFacts } from './page-facts.js'
import { PAGE_STYLE } from './page-style.js'
import { renderCoverage } from './render-coverage.js'
import { renderFailures } from './render-failures.js'
import { renderGaps, renderState, renderStores } from './render-stores.js'
import { renderThroughput } from './render-throughput.js'

/**
 * One page of HTML that needs nothing else: no script, no network (its policy forbids both), light and dark, for paper and for screen readers. Its size
 * does not grow with the number of runs. Every text of the facts is escaped.
 */
export function renderPage(facts: PageFacts): string {
  const { headline, origin } = facts
  const sections = [
    ['coverage', 'Coverage', renderCoverage(facts)],
    ['actions', 'What to do', renderActions(facts)],
    ['failures', 'Failures', renderFailures(facts)],
    ['throughput', 'Throughput', renderThroughput(facts)],
    ['gaps', 'Gaps', renderGaps(facts)],
    ['state', 'State', renderState(facts)],
    ['stores', 'Stores', renderStores(facts)],
    ['origin', 'This report', renderOrigin(facts)],
  ] as const
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hashOfStyle()}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${headline.verdict}: run record archiver on ${origin.host}</title>
<style>${new Html(PAGE_STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<h1>Run record archiver: status report</h1>
<div class="headline level-${headline.level}"><span class="sign" aria-hidden="true">${SIGNS[headline.level]}</span><p><strong>${headline.verdict}:</strong> ${headline.detail}</p></div>
<p class="origin"><time datetime="${new Date(origin.madeAtMs).toISOString()}">${formatInstant(origin.madeAtMs)}</time> on ${origin.host}, with <span class="path">${origin.configPath}</span></p>
<nav aria-label="Parts of the report"><ul>${sections.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
</header>
<main id="content">
${renderFigures(facts)}
${sections.map(
  ([id, title, content]) => html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${content}</section>
`,
)}</main>
<footer><p>Made by <code>archiver --report-status --html</code>. Nothing was processed or changed.</p></footer>
</body>
</html>
`.text
}

const SIGNS = { ok: '✓', wait: '…', warn: '!', bad: '×' } as const
const WORDS = { ok: 'Good to know', wait: 'Next', warn: 'Attention', bad: 'Broken' } as const

function renderFigures({ stores, failures, throughput, status: { stages } }: PageFacts): Html {
  const isKnown = stages?.import.readable === true && stages.migration.readable
  const last = throughput?.stages.find(({ stage }) => stage === 'Migration')?.lastSuccess
  return html`<dl class="figures">
${stores.map(({ name, status, waiting }) => {
  if (status.totalRuns === undefined)
    return html`<div><dt>${name}</dt><dd class="bad">unknown<small>cannot be read</small></dd></div>`
  const newest = status.lastRun === undefined ? 'no runs' : `newest ${status.lastRun}`
  const note = waiting === 0 ? newest : html`${newest} <span class="wait">${formatCount(waiting)} to come</span>`
  return html`<div><dt>${name}</dt><dd>${formatCount(status.totalRuns)}<small>${note}</small></dd></div>`
})}
<div><dt>Failed runs</dt><dd${failures.length === 0 && isKnown ? undefined : new Html(' class="bad"')}>${isKnown ? '' : failures.length === 0 ? 'unknown' : 'at least '}${failures.length === 0 && !isKnown ? '' : formatCount(failures.length)}<small>${isKnown || failures.length > 0 ? describeFailures(failures) : 'the state cannot be read'}</small></dd></div>
<div><dt>Last archived</dt><dd>${last === undefined ? '–' : last.run}<small>${last === undefined ? 'not in the history' : formatInstant(last.atMs)}</small></dd></div>
</dl>`
}

function describeFailures(failures: PageFacts['failures']): string {
  const imports = failures.filter(({ stage }) => stage === 'import').length
  return `${formatCount(imports)} import, ${formatCount(failures.length - imports)} migration`
}

function renderActions({ actions }: PageFacts): Html {
  return html`<ul class="actions">${actions.map(
    ({ level, text, command }) =>
      html`<li class="level-${level}"><span><span class="word">${WORDS[level]}:</span> ${text}</span>${command === undefined ? undefined : html`<code>${command}</code>`}</li>
`,
  )}</ul>`
}

function renderOrigin({ origin, events }: PageFacts): Html {
  const rows = [
    ['Made', formatInstant(origin.madeAtMs)],
    ['Host', origin.host],
    ['Configuration', origin.configPath],
    ['Work folder', origin.workDir],
    ['History', events.length === 0 ? 'none' : countOf(events.length, 'entry', 'entries')],
    ['Archiver', origin.version],
    ['Node.js', origin.nodeVersion],
    ...origin.durations.map(({ what, ms }) => [what, formatDuration(ms)] as const),
  ] as const
  return html`<dl class="origin-list">${rows.map(([title, text]) => html`<div><dt>${title}</dt><dd>${text}</dd></div>`)}</dl>`
}

function hashOfStyle(): Html {
  return new Html(createHash('sha256').update(PAGE_STYLE).digest('base64'))
}
