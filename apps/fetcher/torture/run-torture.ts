/**
 * The long torture of the fetcher: 100,000 companies in windows of a day with 100 pages each, 50 kills on SQLite, then 50 on a Redis server of its own with two
 * fetchers at once; at last a run without kills or rate limit, whose memory is measured.
 *
 * Usage: pnpm torture fetcher [--kills N] [--days N] [--pages N] [--rows N] [--rate N] [--seed N] [--only sqlite|redis|memory]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import { seededRandom } from '@holdfast/testkit/seeded-random'
import { measureMemory } from './measure-memory.ts'
import { tortureFetcher } from './torture-fetcher.ts'
import { openSite, type TortureSite } from './torture-site.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    days: { type: 'string', default: '100' },
    pages: { type: 'string', default: '100' },
    rows: { type: 'string', default: '10' },
    rate: { type: 'string', default: '150' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
  },
})
const root = mkdtempSync(join(tmpdir(), 'holdfast-torture-'))
const random = seededRandom(Number(values.seed))
let bad = 0
console.log(`Seed ${values.seed}, in ${root}`)
if (isWanted('sqlite')) {
  await using site = await open('sqlite')
  await torture(site, 1)
}
if (isWanted('redis')) {
  await using redis = await startRedisServer()
  await using site = await open(
    'redis',
    `state: { type: redis, host: 127.0.0.1, port: ${redis.port}, key_prefix: torture }`,
  )
  await torture(site, 2)
}
if (isWanted('memory')) {
  await using site = await open('memory')
  const { earlyBytes, lateBytes, seconds, violations } = await measureMemory(site)
  const [early, late] = [earlyBytes, lateBytes].map((bytes) => `${(bytes / 1e6).toFixed(0)} MB`)
  const rate = Math.round(site.server.received.length / seconds)
  tell(`undisturbed: ${rate} requests a second, resident memory ${early} early and ${late} at the end`, violations)
}
if (bad === 0) rmSync(root, { recursive: true })
process.exitCode = bad === 0 ? 0 : 1

function isWanted(part: string): boolean {
  return values.only === undefined || values.only === part
}

function open(name: string, state?: string): Promise<TortureSite> {
  return openSite({
    folder: join(root, name),
    days: Number(values.days),
    pagesPerDay: Number(values.pages),
    rows: Number(values.rows),
    rate: name === 'memory' ? undefined : Number(values.rate),
    burst: 10,
    concurrency: 4,
    // With SQLite nobody waits for a lease of somebody who was killed, or the torture takes an hour.
    leaseSeconds: name === 'sqlite' ? 60 : 2,
    faultShare: name === 'memory' ? 0 : 0.005,
    random,
    state,
  })
}

async function torture(site: TortureSite, fetchers: number): Promise<void> {
  const name = site.options.state === undefined ? 'sqlite' : 'redis'
  const report = await tortureFetcher({ site, kills: Number(values.kills), fetchers, random })
  const { kills, items, pages, requests, repeated, overRate, seconds, violations } = report
  tell(
    `${name}: ${kills} kills of ${fetchers} at a time in ${seconds.toFixed(0)} s; ${items} items on ${pages} pages, ` +
      `${requests} requests, ${repeated} of them again, at most ${Math.max(0, overRate).toFixed(1)} ahead of the rate limit`,
    violations,
  )
}

function tell(line: string, violations: readonly string[]): void {
  console.log(`${line}, ${violations.length} violations`)
  for (const violation of violations.slice(0, 20)) console.error(violation)
  bad += violations.length
}
