/**
 * Fetching processes killed with SIGKILL: before each of their steps, and at random moments two at a time. What must hold afterwards: everything was
 * kept at least once and whole; what was kept twice was in the hands of a killed process; nothing is given up, and nothing is left to do.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KvStoreOptions } from '@holdfast/kv-persistence'
import { type Child, startChild, useTempDir } from '@holdfast/testkit'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { sireneFaults } from '@holdfast/testkit/sirene-server'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fetched, sirensOf } from '../fetch-all.js'
import { ApiServer } from '../servers/api-server.js'

const SCRIPT = new URL('../fixtures/api-worker.mjs', import.meta.url)
/** The moments differ from run to run with HOLDFAST_SEED. */
const [delays = []] = fc.sample(fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 6, maxLength: 6 }), 1)
const dir = useTempDir()
let redis: RedisServer
let count = 0

beforeAll(async () => {
  redis = await startRedisServer()
}, 60_000)
afterAll(() => redis.stop())

interface Job {
  readonly store: KvStoreOptions
  readonly origin: string
  readonly out: string
  readonly end: string
  readonly leaseSeconds: number
  readonly killAt?: number
  readonly rate?: number
}

const backends: readonly { readonly backend: string; readonly fresh: () => KvStoreOptions }[] = [
  { backend: 'sqlite', fresh: () => ({ type: 'sqlite', path: join(dir(), `kv${++count}.sqlite`), timeoutMs: 30_000 }) },
  {
    backend: 'redis',
    fresh: () => ({ type: 'redis', host: '127.0.0.1', port: redis.port, keyPrefix: `t${++count}`, timeoutMs: 30_000 }),
  },
]

function start(job: Job): Child {
  return startChild(SCRIPT, { args: [JSON.stringify(job)], deadlineMs: 60_000 })
}

function kept(out: string): Fetched[] {
  if (!existsSync(out)) return []
  return readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Fetched)
}

function lastDay(days: number): string {
  return `2025-03-${String(days).padStart(2, '0')}`
}

function everything(server: ApiServer, days: number): string[] {
  return Array.from({ length: days }, (_, n) => server.companies(lastDay(n + 1))).flat()
}

async function finish(job: Job): Promise<void> {
  const last = start(job)
  const exit = await last.exited
  if (exit.code !== 0) throw new Error(last.stderr())
}

describe.each(backends)('on $backend', ({ fresh }) => {
  test('killed before any step, nothing is lost and at most what was out is kept again', {
    timeout: 180_000,
  }, async () => {
    await using server = await ApiServer.start({ perDay: () => 3 })
    for (let killAt = 1; ; killAt += 1) {
      const out = join(dir(), `out${++count}`)
      const job: Job = { store: fresh(), origin: server.origin, out, end: lastDay(2), leaseSeconds: 0.4 }
      const child = start({ ...job, killAt })
      const { signal, code } = await child.exited
      expect(signal ?? code, child.stderr()).toBe(signal === null ? 0 : 'SIGKILL')
      if (signal === null) {
        expect(kept(out)).toHaveLength(4)
        expect(killAt).toBeGreaterThan(12)
        return
      }
      await finish(job)
      const sirens = sirensOf(kept(out))
      expect([...new Set(sirens)].toSorted(), `killed before step ${killAt}`).toEqual(everything(server, 2).toSorted())
      expect(kept(out).length).toBeLessThanOrEqual(4 + 2)
    }
  })
})

const onRedis = backends[1]?.fresh ?? ((): KvStoreOptions => ({ type: 'memory' }))

describe('two at once on redis', () => {
  test('each page is fetched by one of them, once', { timeout: 60_000 }, async () => {
    await using server = await ApiServer.start({ perDay: () => 7 })
    const out = join(dir(), 'out')
    const job: Job = { store: onRedis(), origin: server.origin, out, end: lastDay(20), leaseSeconds: 60 }
    const workers = [start(job), start(job)]
    for (const worker of workers) expect((await worker.exited).code, worker.stderr()).toBe(0)
    expect(server.received).toHaveLength(80)
    expect(new Set(server.received.map(({ url }) => url.href)).size).toBe(80)
    expect(sirensOf(kept(out)).toSorted()).toEqual(everything(server, 20).toSorted())
  })

  test('killed again and again, with failures of the server in between, nothing is lost', {
    timeout: 120_000,
  }, async () => {
    await using server = await ApiServer.start({ perDay: () => 7 })
    for (let n = 0; n < 30; n += 1)
      server.faults.push(undefined, n % 2 === 0 ? sireneFaults.status(503) : sireneFaults.cut(), undefined)
    const out = join(dir(), 'out')
    const job: Job = { store: onRedis(), origin: server.origin, out, end: lastDay(25), leaseSeconds: 1 }
    let kills = 0
    for (const delay of delays) {
      const workers = [start(job), start(job)]
      await Promise.all(workers.map((worker) => worker.ready()))
      await sleep(delay)
      for (const worker of workers) worker.kill('SIGKILL')
      for (const worker of workers) if ((await worker.exited).signal === 'SIGKILL') kills += 1
    }
    await finish(job)
    expect(kills).toBeGreaterThan(2)
    expect([...new Set(sirensOf(kept(out)))].toSorted()).toEqual(everything(server, 25).toSorted())
    // A killed process has at most two in its hands.
    expect(kept(out).length).toBeLessThanOrEqual(100 + 2 * kills)
  })

  test('the rate limit holds for both together, and over kills and restarts', { timeout: 60_000 }, async () => {
    await using server = await ApiServer.start({ perDay: () => 2 })
    const rate = 40
    const job: Job = {
      store: onRedis(),
      origin: server.origin,
      out: join(dir(), 'out'),
      end: lastDay(30),
      leaseSeconds: 1,
      rate,
    }
    const [first, second] = [start(job), start(job)]
    await Promise.all([first.ready(), second.ready()])
    await sleep(300)
    first.kill('SIGKILL')
    await Promise.all([finish(job), second.exited])
    const times = server.received.map(({ atMs }) => atMs)
    // Over ten requests, so that one which arrives late does not count.
    const spans = times.slice(10).map((atMs, index) => atMs - (times[index] ?? 0))
    expect(spans.length).toBeGreaterThan(15)
    expect(Math.min(...spans)).toBeGreaterThan((8.5 * 1000) / rate)
  })
})
