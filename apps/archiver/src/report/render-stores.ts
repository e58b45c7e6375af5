import { type Html, html } from '@holdfast/cli-kit'
import type { StageComparison } from './compare-stage.js'
import { countOf, formatCount } from './format.js'
import { type PageFacts, STORE_NAMES, type StoreKey } from './page-facts.js'
import { quoteArgument } from './quote-argument.js'
import { contiguousRanges, formatRanges } from './run-ranges.js'

const MOST_GAPS = 100
const GAPS_AT_ONCE = 12

export function renderStores({ stores, status }: PageFacts): Html {
  return html`<div class="scroll" role="region" aria-label="Stores" tabindex="0"><table>
<caption>What each place holds</caption>
<thead><tr><th scope="col">Place</th><th scope="col" class="number">Runs</th><th scope="col">From – to</th><th scope="col">Without a gap</th><th scope="col" class="number">Numbers absent</th><th scope="col">Location</th></tr></thead>
<tbody>${stores.map(({ key, name, status: store }) => {
    const place =
      key === 'ucondb' ? html` <span class="soft">${status.ucondb.folder}/${status.ucondb.object}</span>` : undefined
    const location = html`<td class="path">${store.location}${place}</td>`
    if (store.error !== undefined)
      return html`<tr><th scope="row">${name}</th><td colspan="4" class="bad"><strong>Cannot be read:</strong> ${store.error}</td>${location}</tr>
`
    const extent = store.firstRun === undefined ? '–' : `${store.firstRun} – ${store.lastRun}`
    return html`<tr><th scope="row">${name}</th><td class="number">${formatCount(store.totalRuns ?? 0)}</td><td class="extent">${extent}</td><td class="ranges">${formatRanges(store.ranges ?? [])}</td><td class="number">${formatCount(store.missingRuns ?? 0)}</td>${location}</tr>
`
  })}</tbody></table></div>`
}

export function renderGaps({ gaps, origin }: PageFacts): Html {
  if (gaps.length === 0)
    return html`<p class="empty">No number is absent between the first and the last run of any place.</p>`
  const table = (
    some: PageFacts['gaps'],
    caption: string,
  ): Html => html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0"><table class="compact">
<caption>${caption}</caption>
<thead><tr><th scope="col">Place</th><th scope="col">Runs</th><th scope="col" class="number">How many</th><th scope="col">What it means</th></tr></thead>
<tbody>${some.map(
    ({ places, range: [first, last], runs, atSource }) =>
      html`<tr><th scope="row">${places.length === 3 ? 'All three' : places.map((place) => STORE_NAMES[place]).join(', ')}</th><td>${first === last ? first : `${first}–${last}`}</td><td class="number">${formatCount(runs)}</td><td>${explain(places, runs, atSource)}</td></tr>
`,
  )}</tbody></table></div>`
  const [first, more] = [gaps.slice(0, GAPS_AT_ONCE), gaps.slice(GAPS_AT_ONCE, MOST_GAPS)]
  const left = gaps.length - first.length - more.length
  return html`${table(first, 'Those that wait to be filled come first')}
${more.length === 0 ? undefined : html`<details><summary>${formatCount(more.length)} more</summary>${table(more, 'Further gaps')}</details>`}${
  left === 0
    ? undefined
    : html`<p class="soft">${countOf(left, 'further gap')} not shown: <code>archiver ${quoteArgument(origin.configPath)} --report-status --json</code> lists all.</p>`
}`
}

function explain(places: readonly StoreKey[], runs: number, atSource: number): string {
  if (places.includes('filesystem')) return places.length === 1 ? 'no such run record' : 'no such run anywhere'
  const before = places.includes('artdaqdb') ? 'on disk' : 'in artdaqDB'
  if (atSource === 0) return `not ${before} either`
  return atSource === runs ? `${before}, not here yet` : `${formatCount(atSource)} of them ${before}, not here yet`
}

export function renderState({ status: { stages }, discrepancies }: PageFacts): Html {
  if (stages === undefined) return html`<p class="empty">The state files were not looked at.</p>`
  const row = (title: string, say: (stage: StageComparison) => string | Html): Html =>
    html`<tr><th scope="row">${title}</th><td>${say(stages.import)}</td><td>${say(stages.migration)}</td></tr>
`
  const runs = (some: readonly number[]): string =>
    some.length === 0 ? 'none' : `${formatCount(some.length)}: ${formatRanges(contiguousRanges(some))}`
  const known = (stage: StageComparison, say: string): string => (stage.comparable ? read(stage, say) : 'not known')
  const read = ({ readable }: StageComparison, say: string): string => (readable ? say : 'cannot be read')
  return html`${
    discrepancies.length === 0
      ? html`<p>State files and stores agree.</p>`
      : html`<ul class="differences">${discrepancies.map(
          ({ stage, message, runs: some }) =>
            html`<li><strong>${stage === undefined ? 'Store' : stage === 'import' ? 'Import' : 'Migration'}:</strong> ${some.length === 0 ? message : `${countOf(some.length, 'run')} ${message} (${formatRanges(contiguousRanges(some))})`}</li>
`,
        )}</ul>`
  }
<div class="scroll" role="region" aria-label="State" tabindex="0"><table>
<caption>What the state files say, compared with the stores</caption>
<thead><tr><th scope="col">State</th><th scope="col">Import</th><th scope="col">Migration</th></tr></thead>
<tbody>${row('Last contiguous run', (stage) => read(stage, String(stage.lastContiguousRun)))}${row('Last attempted run', (stage) => read(stage, String(stage.lastAttemptedRun)))}${row('Counted as archived, but missing', (stage) => known(stage, runs(stage.missing)))}${row('Late, passed over', (stage) => known(stage, runs(stage.late)))}${row('At the source above the last contiguous run', (stage) => known(stage, runs(stage.newRuns)))}${row('In the failure log', (stage) => read(stage, runs(stage.failures)))}</tbody></table></div>`
}
