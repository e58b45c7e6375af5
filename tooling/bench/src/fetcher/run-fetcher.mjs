/** The fetcher as it is installed, with a configuration for the pages of the benchmark. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runFetcher } from '@holdfast/fetcher'

const { origin, days, pages, size, concurrency, folder } = JSON.parse(process.argv[2] ?? '{}')
mkdirSync(join(folder, 'fetchers'), { recursive: true })
writeFileSync(
  join(folder, 'fetchers', 'bench.yaml'),
  `locators:
  - type: api
    prefix: bench
    url: ${origin}/page
    query: { day: "{from}", size: ${size}, pages: ${pages} }
    windows: { start: ${days[0]}, end: ${days.at(-1)} }
    paging: { type: cursor, parameter: curseur, next: $.header.curseurSuivant }
    items: $.rows
`,
)
const started = performance.now()
const { ok, counts } = await runFetcher('bench', { concurrency }, { currentDir: folder, env: {} })
const seconds = (performance.now() - started) / 1000
if (!ok || counts.bundles !== days.length * pages) throw new Error(`Only ${counts.bundles} bundles were stored`)
process.send?.({ type: 'done', seconds, maxRssKilobytes: process.resourceUsage().maxRSS })
