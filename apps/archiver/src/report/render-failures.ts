import { type Html, html } from '@holdfast/cli-kit'
import { countOf, formatCount, formatInstant } from './format.js'
import { hideCredentials } from './hide-credentials.js'
import type { FailureEntry } from './list-failures.js'
import type { PageFacts } from './page-facts.js'

const SEEN_AT_ONCE = 20
const MOST = 200
const LONGEST_ERROR = 600

/** The runs of the failure logs: the newest at once, more when asked for, and how many are left out. */
export function renderFailures({ failures, status: { stages } }: PageFacts): Html {
  const unread = (['import', 'migration'] as const).filter((stage) => stages?.[stage].readable !== true)
  const warning =
    unread.length === 0
      ? undefined
      : html`<p class="unread">The state of ${unread.join(' and ')} cannot be read whole: there may be failed runs that are not listed here.</p>`
  if (failures.length === 0) return warning ?? html`<p class="empty">No failed runs in the failure logs.</p>`
  const [first, more] = [failures.slice(0, SEEN_AT_ONCE), failures.slice(SEEN_AT_ONCE, MOST)]
  const left = failures.length - first.length - more.length
  return html`${warning}${renderTable(first, 'The last to fail come first')}
${
  more.length === 0
    ? undefined
    : html`<details><summary>${formatCount(more.length)} more</summary>${renderTable(more, 'Further failed runs')}</details>`
}${left === 0 ? undefined : html`<p class="soft">${countOf(left, 'further run')} not shown: <code>archiver failures</code> lists all.</p>`}`
}

function renderTable(failures: readonly FailureEntry[], caption: string): Html {
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="failures">
<caption>${caption}</caption>
<thead><tr><th scope="col" class="number">Run</th><th scope="col">Stage</th><th scope="col" class="number">Attempts</th><th scope="col">Since</th><th scope="col">Last tried</th><th scope="col">Last error</th></tr></thead>
<tbody>${failures.map(
    ({ run, stage, attempts, sinceMs, lastMs, error, errorCode }) =>
      html`<tr><th scope="row" class="number">${run}</th><td>${stage === 'import' ? 'Import' : 'Migration'}</td><td class="number">${attempts ?? '–'}</td><td>${renderTime(sinceMs)}</td><td>${renderTime(lastMs)}</td><td class="error">${renderError(error)}${errorCode === undefined ? undefined : html` <code>${errorCode}</code>`}</td></tr>
`,
  )}</tbody></table></div>`
}

function renderTime(ms: number | undefined): Html {
  return ms === undefined ? html`–` : html`<time datetime="${new Date(ms).toISOString()}">${formatInstant(ms)}</time>`
}

function renderError(error: string | undefined): Html {
  if (error === undefined) return html`<span class="soft">not in the history</span>`
  const text = hideCredentials(error)
  return html`${text.length <= LONGEST_ERROR ? text : `${text.slice(0, LONGEST_ERROR).toWellFormed()}…`}`
}
