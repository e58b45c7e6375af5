/** The short, seeded form of `pnpm torture fetcher`. */
import { useTempDir } from '@holdfast/testkit'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import { seededRandom } from '@holdfast/testkit/seeded-random'
import { expect, test } from 'vitest'
import { tortureFetcher } from '../torture/torture-fetcher.ts'
import { openSite } from '../torture/torture-site.ts'

const dir = useTempDir()

test.each([
  { backend: 'SQLite', fetchers: 1 },
  { backend: 'Redis', fetchers: 2 },
])(
  '$fetchers at a time on $backend, killed at random moments and restarted, store every page once with its bytes, and keep to the rate limit',
  { timeout: 120_000 },
  async ({ backend, fetchers }) => {
    const random = seededRandom(20_261_121)
    await using redis = backend === 'Redis' ? await startRedisServer() : undefined
    await using site = await openSite({
      folder: dir(),
      days: 6,
      pagesPerDay: 20,
      rows: 3,
      rate: 100,
      burst: 10,
      concurrency: 4,
      // With SQLite nobody waits for a lease of somebody who was killed, or the test does not end in time.
      leaseSeconds: backend === 'SQLite' ? 60 : 2,
      faultShare: 0.02,
      random,
      state: redis && `state: { type: redis, host: 127.0.0.1, port: ${redis.port}, key_prefix: torture }`,
    })
    const report = await tortureFetcher({ site, kills: 4, fetchers, random })
    expect(report.violations).toEqual([])
    expect(report).toMatchObject({ kills: 4, pages: 120, items: 360 })
    expect(report.requests).toBe(120 + site.failed.size + report.repeated)
  },
)
