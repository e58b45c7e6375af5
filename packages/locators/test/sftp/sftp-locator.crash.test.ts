/**
 * A fetcher killed with SIGKILL at random moments, its server killed and its line cut. What must hold afterwards: every file is there with the right bytes,
 * nothing else is there, and a file was stored again only where a process died, or the line of a lease ran out, between storing it and telling so.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKvStore } from '@holdfast/kv-persistence'
import { type Child, startChild, useTempDir } from '@holdfast/testkit'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import { type SftpServer, startSftpServer, startTcpProxy } from '@holdfast/testkit/sftp-server'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { localName } from '../../src/sftp/local-name.ts'
import { collect } from '../collect.ts'
import { loginTo, putFiles } from './use-sftp.ts'

const FILES = 60
const KILLS = 12
const CONCURRENCY = 3
/** The moments differ from run to run with HOLDFAST_SEED. */
const [delays = []] = fc.sample(fc.array(fc.integer({ min: 0, max: 500 }), { minLength: KILLS, maxLength: KILLS }), 1)
const folder = useTempDir()

interface Stored {
  readonly path: string
  readonly resumedFrom: number
}

function makeFiles(server: SftpServer): Map<string, Buffer> {
  const files = new Map<string, Buffer>()
  for (let index = 0; index < FILES; index += 1) {
    files.set(`d/${index % 3}/file ${index}\n.txt`, randomBytes(index % 10 === 0 ? 2_000_000 : index * 500))
  }
  putFiles(server.root, Object.fromEntries([...files].map(([path, text]) => [path, { text }])))
  return files
}

function startFetcher(store: object, port: number, server: SftpServer, name = 'out', appendMs = 0): Child {
  const out = join(folder(), name)
  mkdirSync(out, { recursive: true })
  const settings = {
    ...{ store, out, log: join(folder(), 'log'), concurrency: CONCURRENCY, pauseMs: 5, appendMs },
    connection: loginTo(server, { port, maxConnections: CONCURRENCY, connectAttempts: 30, maxReconnectDelayMs: 100 }),
  }
  return startChild(new URL('fixtures/fetch-files.mjs', import.meta.url), {
    args: [JSON.stringify(settings)],
    deadlineMs: 60_000,
  })
}

function stored(): Stored[] {
  const log = join(folder(), 'log')
  if (!existsSync(log)) return []
  return readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Stored)
}

function checkFiles(files: ReadonlyMap<string, Buffer>, outs: readonly string[]): void {
  for (const [path, bytes] of files) {
    const copies = outs.map((out) => join(folder(), out, localName(path))).filter((copy) => existsSync(copy))
    expect(copies.length, path).toBeGreaterThan(0)
    for (const copy of copies) expect(readFileSync(copy).equals(bytes), path).toBe(true)
  }
  for (const out of outs) {
    const names = readdirSync(join(folder(), out), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    )
    const known = new Set([...files.keys()].map((path) => localName(path).split('/').at(-1)))
    expect(names.map(({ name }) => name).filter((name) => !known.has(name) && !name.endsWith('.partial'))).toEqual([])
  }
}

describe('with SQLite', () => {
  test('no file is lost, none is wrong, and few are stored twice', { timeout: 120_000 }, async () => {
    await using server = await startSftpServer()
    await using proxy = await startTcpProxy(server.port)
    const files = makeFiles(server)
    const store = { type: 'sqlite', path: join(folder(), 'kv.sqlite') }
    let kills = 0
    for (const delay of delays) {
      const fetcher = startFetcher(store, proxy.port, server)
      await fetcher.ready()
      await sleep(delay)
      fetcher.kill('SIGKILL')
      if ((await fetcher.exited).signal === 'SIGKILL') kills += 1
    }
    const last = startFetcher(store, proxy.port, server)
    expect(await last.waitFor('finished')).toMatchObject({ progress: { finished: true, failures: 0 } })
    expect(await last.exited).toMatchObject({ code: 0 })
    checkFiles(files, ['out'])
    expect(readdirSync(join(folder(), 'out')).filter((name) => name.endsWith('.partial'))).toEqual([])
    expect(kills).toBeGreaterThan(0)
    expect(stored().length - FILES).toBeLessThanOrEqual(kills * CONCURRENCY)

    const again = startFetcher(store, proxy.port, server)
    const before = stored().length
    await again.waitFor('finished')
    expect(stored().length).toBe(before)
  })

  test('a large file that is under way at a kill is gone on with', { timeout: 60_000 }, async () => {
    await using server = await startSftpServer()
    const bytes = randomBytes(4_000_000)
    putFiles(server.root, { 'd/cordata.zip': { text: bytes } })
    const store = { type: 'sqlite', path: join(folder(), 'kv.sqlite') }
    const out = join(folder(), 'out')
    const sizeOfPartial = (): number => {
      const name = existsSync(out) ? readdirSync(out).find((entry) => entry.endsWith('.partial')) : undefined
      return name === undefined ? 0 : statSync(join(out, name)).size
    }
    for (const wanted of [1_000_000, 2_000_000]) {
      const fetcher = startFetcher(store, server.port, server, 'out', 10)
      while (sizeOfPartial() < wanted) await sleep(2)
      fetcher.kill('SIGKILL')
      expect((await fetcher.exited).signal).toBe('SIGKILL')
    }
    const last = startFetcher(store, server.port, server)
    await last.waitFor('finished')
    expect(readFileSync(join(out, 'd/cordata.zip')).equals(bytes)).toBe(true)
    expect(stored()).toEqual([{ path: 'd/cordata.zip', resumedFrom: expect.any(Number), attempt: 3 }])
    expect(stored()[0]?.resumedFrom).toBeGreaterThan(1_900_000)
  })

  test('the line is cut and the server killed all the time: one run fetches all, with no failure', {
    timeout: 120_000,
  }, async () => {
    await using server = await startSftpServer()
    await using proxy = await startTcpProxy(server.port)
    const files = makeFiles(server)
    const store = { type: 'sqlite', path: join(folder(), 'kv.sqlite') }
    const fetcher = startFetcher(store, proxy.port, server)
    const finished = fetcher.waitFor('finished')
    await fetcher.ready()
    let over = false
    void fetcher.exited.then(() => {
      over = true
    })
    for (let round = 0; round < 20 && !over; round += 1) {
      await sleep(50 + (delays[round % delays.length] ?? 0) / 4)
      proxy.cut()
      if (round % 5 === 4) {
        await server.kill()
        await server.restart()
      }
    }
    expect(await finished).toMatchObject({ progress: { finished: true, failures: 0 } })
    checkFiles(files, ['out'])
    expect(proxy.accepted).toBeGreaterThan(CONCURRENCY)
  })
})

test('with Redis, two fetchers at once that are killed in turn', { timeout: 120_000 }, async () => {
  await using redis = await startRedisServer({ durable: true })
  await using server = await startSftpServer()
  const files = makeFiles(server)
  const store = { type: 'redis', port: redis.port }
  const start = (name: string): Child => startFetcher(store, server.port, server, name)
  const running = [start('one'), start('two')]
  for (const [round, delay] of delays.slice(0, 6).entries()) {
    const index = round % 2
    await running[index]?.ready()
    await sleep(delay / 2)
    running[index]?.kill('SIGKILL')
    await running[index]?.exited
    running[index] = start(index === 0 ? 'one' : 'two')
  }
  for (const fetcher of running) {
    expect(await fetcher.waitFor('finished')).toMatchObject({ progress: { finished: true, failures: 0 } })
  }
  checkFiles(files, ['one', 'two'])
  expect(stored().length - FILES).toBeLessThanOrEqual(6 * CONCURRENCY)
  await using kv = await createKvStore({ type: 'redis', port: redis.port })
  expect((await collect(kv.scan(['crash', 'processed_files']))).length).toBe(FILES)
})
