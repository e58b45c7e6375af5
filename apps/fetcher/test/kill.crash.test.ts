/**
 * What fetchers owe each other: two at a time, one that was killed and one that lives, leases, the rate limit. Kills at random moments: see torture.crash.test.ts.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { useTempDir } from '@holdfast/testkit'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { startSireneServer } from '@holdfast/testkit/sirene-server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiConfig, daysFrom, fetcher, KEY, sirensIn, start, writeConfig } from './support.js'

const dir = useTempDir()
const DAYS = daysFrom('2025-03-01', 40)
let redis: RedisServer

beforeAll(async () => {
  redis = await startRedisServer()
}, 60_000)
afterAll(() => redis.stop())

describe('fetcher run', () => {
  test('two at once share the work, and each waits for what the other has', { timeout: 120_000 }, async () => {
    await using server = await startSireneServer({ apiKey: KEY, delayMs: 10 })
    const state = `state: { type: redis, host: 127.0.0.1, port: ${redis.port}, key_prefix: two }`
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: DAYS.at(-1) ?? '', top: [state] }))
    const both = [start({ cwd: dir() }, 'run', 'fr-api', '--json'), start({ cwd: dir() }, 'run', 'fr-api', '--json')]
    const pages: number[] = []
    for (const child of both) {
      expect((await child.exited).code, child.stderr()).toBe(0)
      pages.push((JSON.parse(child.stdout()) as { counts: { pages: number } }).counts.pages)
    }
    expect(server.received).toHaveLength(3 * DAYS.length)
    expect(pages.reduce((sum, each) => sum + each)).toBe(3 * DAYS.length)
    expect(Math.min(...pages)).toBeGreaterThan(0)
    expect(sirensIn(dir()).toSorted()).toEqual(DAYS.flatMap((day) => server.companies(day)).toSorted())
  })

  test('on one machine, what a killed one had is fetched at once, and what a living one has is left to it', {
    timeout: 60_000,
  }, async () => {
    const answers: (() => void)[] = []
    await using server = await startSireneServer({
      apiKey: KEY,
      perDay: () => 1,
      // The first two requests are answered when the test says so: those of the first fetcher, and of the second.
      fault: ({ number }) =>
        number > 2
          ? undefined
          : (response) => {
              answers.push(() => {
                response.writeHead(200, { 'content-type': 'application/json' })
                response.end('{"header":{},"unitesLegales":[]}')
              })
            },
    })
    const top = ['lease_seconds: 3600', 'concurrency: 1']
    writeConfig(dir(), 'fr-api', apiConfig({ origin: server.origin, end: '2025-03-06', top }))
    const living = start({ cwd: dir() }, 'run', 'fr-api', '--json')
    while (server.received.length < 1) await sleep(5)
    const killed = start({ cwd: dir() }, 'run', 'fr-api')
    while (server.received.length < 2) await sleep(5)
    killed.kill('SIGKILL')
    await killed.exited
    const next = start({ cwd: dir() }, 'run', 'fr-api', '--json')
    while (server.received.length < 7) await sleep(5)
    const asked = server.received.map(({ url }) => url.search)
    expect(asked.slice(2)).toContain(asked[1])
    expect(asked.slice(1)).not.toContain(asked[0])
    answers[0]?.()
    for (const child of [living, next]) {
      expect((await child.exited).code, child.stderr()).toBe(0)
      expect(JSON.parse(child.stdout())).toMatchObject({ counts: { leasesLost: 0 } })
    }
    expect(server.received).toHaveLength(7)
  })

  test('a lease is kept for as long as an answer takes', { timeout: 60_000 }, async () => {
    let slow = 0
    await using server = await startSireneServer({
      apiKey: KEY,
      fault: ({ number }) => {
        if (number !== 2) return undefined
        slow += 1
        // Four times as long as a lease, a little at a time.
        return (response) => {
          response.writeHead(200, { 'content-type': 'application/json' })
          let parts = 0
          const timer = setInterval(() => {
            parts += 1
            if (parts < 20) return response.write(' ')
            clearInterval(timer)
            return response.end('{"header":{},"unitesLegales":[]}')
          }, 200)
        }
      },
    })
    writeConfig(dir(), 'fr-api', apiConfig({ ...server, origin: server.origin, top: ['lease_seconds: 1'] }))
    const { code, stdout } = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--json')
    expect(code).toBe(0)
    expect(slow).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ counts: { leasesLost: 0, failures: 0 } })
    const asked = server.received.map(({ url }) => url.href)
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('the rate limit holds over processes and kills', { timeout: 60_000 }, async () => {
    await using server = await startSireneServer({ apiKey: KEY, perDay: () => 1 })
    const locator = ['rate_limit: { requests: 20, per_seconds: 1 }']
    writeConfig(
      dir(),
      'fr-api',
      apiConfig({ origin: server.origin, end: '2025-04-09', locator, top: ['lease_seconds: 1'] }),
    )
    const first = start({ cwd: dir() }, 'run', 'fr-api')
    while (server.received.length < 10) await sleep(5)
    first.kill('SIGKILL')
    await first.exited
    expect((await fetcher({ cwd: dir() }, 'run', 'fr-api')).code).toBe(0)
    const times = server.received.map(({ atMs }) => atMs)
    // Over ten requests, so that one that is late on its way does not count.
    const spans = times.slice(10).map((atMs, index) => atMs - (times[index] ?? 0))
    expect(Math.min(...spans)).toBeGreaterThan(10 * 50 * 0.85)
  })

  test('a disk that cannot be written to ends the run and uses up no attempt', { timeout: 60_000 }, async () => {
    await using server = await startSireneServer({ apiKey: KEY })
    writeConfig(
      dir(),
      'fr-api',
      apiConfig({ ...server, origin: server.origin, top: ['output: { type: files, directory: out/deep }'] }),
    )
    writeFileSync(join(dir(), 'out'), 'a file where a folder should be')
    const { code, stderr } = await fetcher({ cwd: dir() }, 'run', 'fr-api', '--max-retries', '0')
    expect(code).toBe(1)
    expect(stderr).toContain(join(dir(), 'out'))
    const status = await fetcher({ cwd: dir() }, 'status', 'fr-api', '--json')
    expect(JSON.parse(status.stdout)).toMatchObject({ locators: [{ givenUp: 0, leased: 0 }] })
  })
})
