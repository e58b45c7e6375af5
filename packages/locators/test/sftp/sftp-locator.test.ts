import { appendFileSync, chmodSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKvStore, type KvStore, writeKey } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { startTcpProxy } from '@holdfast/testkit/sftp-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LeasedRequest } from '../../src/locator.ts'
import { localName } from '../../src/sftp/local-name.ts'
import {
  createSftpLocator,
  type SftpLocator,
  type SftpLocatorOptions,
  type SftpRequest,
} from '../../src/sftp/sftp-locator.ts'
import { collect } from '../collect.ts'
import { openPartial } from './open-partial.ts'
import { loginTo, putFiles, useSftpServer } from './use-sftp.ts'

const server = useSftpServer()
const folder = useTempDir()
let store: KvStore

beforeEach(async () => {
  store = await createKvStore({ type: 'memory' })
})
afterEach(async () => {
  await store.close()
  rmSync(join(server().root, 'd'), { recursive: true, force: true })
})

/** A run of the fetcher is a locator of its own. */
function locatorOf(more: Partial<SftpLocatorOptions> = {}): SftpLocator {
  return createSftpLocator({
    ...{ prefix: 'us_fl_daily_provider', store, connection: loginTo(server()), sources: [{ directory: 'd' }] },
    ...{ baseDelaySeconds: 0.01, maxDelaySeconds: 0.02, pollMs: 20 },
    ...more,
  })
}

async function fetchOne(locator: SftpLocator, leased: LeasedRequest<SftpRequest>): Promise<void> {
  const partial = openPartial(join(folder(), localName(leased.request.path).replaceAll('/', '_')))
  await partial.truncate(0)
  await locator.succeeded(leased, await locator.download(leased, partial))
}

/** Fetches until the locator says that it is finished; the paths in their order. */
async function run(locator: SftpLocator, fetched: string[] = []): Promise<string[]> {
  while (!(await locator.progress()).finished) {
    const leased = await locator.next(10)
    if (leased.length === 0) await locator.waitForWork()
    for (const each of leased) {
      try {
        await fetchOne(locator, each)
        fetched.push(each.request.path)
      } catch (error) {
        await locator.failed(each, error)
      }
    }
  }
  return fetched
}

async function runOnce(more: Partial<SftpLocatorOptions> = {}): Promise<string[]> {
  await using locator = locatorOf(more)
  return await run(locator)
}

const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `d/${String(index).padStart(5, '0')}.txt`)
const filesOf = (names: readonly string[]): Record<string, object> =>
  Object.fromEntries(names.map((name) => [name, {}]))

describe('a run', () => {
  test('fetches each file once, in order, with the right bytes; the next run fetches nothing', async () => {
    putFiles(server().root, filesOf(['d/b.txt', 'd/a.txt', 'd/c.txt']))
    expect(await runOnce()).toEqual(['d/a.txt', 'd/b.txt', 'd/c.txt'])
    expect(readFileSync(join(folder(), 'd_b.txt'), 'utf8')).toBe('content of d/b.txt\n')
    expect(await runOnce()).toEqual([])
  })

  test('fetches the newest first when told so', async () => {
    putFiles(server().root, {
      'd/old.txt': { mtime: '2026-01-01T00:00:00Z' },
      'd/new.txt': { mtime: '2026-01-03T00:00:00Z' },
    })
    expect(await runOnce({ sort: { by: 'mtime', reverse: true } })).toEqual(['d/new.txt', 'd/old.txt'])
  })

  test.each([150, 1200])('gives out all of %i files (it was 100 and no error)', async (count) => {
    putFiles(server().root, filesOf(numbered(count)))
    await using locator = locatorOf()
    const paths: string[] = []
    for (let leased = await locator.next(70); leased.length > 0; leased = await locator.next(70)) {
      for (const each of leased) {
        await locator.succeeded(each, each.request)
        paths.push(each.request.path)
      }
    }
    expect(paths).toEqual(numbered(count))
    expect(await locator.progress()).toEqual({ finished: true, failures: 0 })
  })

  test('keeps its state below its prefix, and what is done with what the caller said of it', async () => {
    putFiles(server().root, { 'd/a.txt': { text: 'four' } })
    await using locator = locatorOf()
    const [leased] = await locator.next(1)
    if (leased === undefined) throw new Error('Nothing to fetch')
    await locator.succeeded(leased, { ...leased.request, result: { bundle: 'b1' } })
    const keys: string[] = []
    for await (const { key } of store.scan()) keys.push(key)
    expect(keys.every((key) => key.startsWith('us_fl_daily_provider:'))).toBe(true)
    expect(keys).toContain(writeKey(['us_fl_daily_provider', 'processed_files', 'd/a.txt', leased.request.id]))
    expect(await store.get(['us_fl_daily_provider', 'processed_files', 'd/a.txt', leased.request.id])).toMatchObject({
      request: { path: 'd/a.txt', size: 4, mtimeMs: Date.parse('2026-01-01T00:00:00Z') },
      result: { bundle: 'b1' },
    })
  })

  test('remembers for ever what is done: no mark runs out after a week', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await runOnce()
    for await (const { key } of store.scan(['us_fl_daily_provider', 'processed_files'])) {
      expect(await store.ttl(key)).toBe(Number.POSITIVE_INFINITY)
    }
  })

  test('of two locators of different prefixes knows nothing of the other', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    expect(await runOnce({ prefix: 'one' })).toEqual(['d/a.txt'])
    expect(await runOnce({ prefix: 'one_more' })).toEqual(['d/a.txt'])
    expect(await runOnce({ prefix: 'one' })).toEqual([])
  })
})

describe('what is handed out is not done', () => {
  test('25 files of which a run that crashed had 10: the next run has all that were not told of', async () => {
    putFiles(server().root, filesOf(numbered(25)))
    await using crashed = locatorOf({ leaseSeconds: 0.05 })
    const taken = await crashed.next(10)
    for (const each of taken.slice(0, 3)) await crashed.succeeded(each, each.request)
    expect((await runOnce({ leaseSeconds: 5 })).sort()).toEqual(numbered(25).slice(3))
  })

  test('a late word of success is refused and changes nothing', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await using slow = locatorOf({ leaseSeconds: 0.02 })
    const [late] = await slow.next(1)
    if (late === undefined) throw new Error('Nothing to fetch')
    await using other = locatorOf()
    while ((await other.next(1)).length === 0) await other.waitForWork()
    await expect(slow.succeeded(late, late.request)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await expect(slow.failed(late, new Error('No'))).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect((await other.progress()).finished).toBe(false)
  })

  test('success with another version than the one that was asked for is refused', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await using locator = locatorOf()
    const [leased] = await locator.next(1)
    if (leased === undefined) throw new Error('Nothing to fetch')
    const later = { ...leased.request, mtimeMs: leased.request.mtimeMs + 1000 }
    await expect(locator.succeeded(leased, later)).rejects.toThrow(RangeError)
    await locator.succeeded(leased, leased.request)
  })

  test('two locators at one time share the files, and none is with both', async () => {
    putFiles(server().root, filesOf(numbered(60)))
    await using one = locatorOf()
    await using two = locatorOf()
    const [first, second] = await Promise.all([run(one), run(two)])
    expect([...first, ...second].sort()).toEqual(numbered(60))
  })

  test('a listing that is older than a success elsewhere does not bring the file back', async () => {
    putFiles(server().root, filesOf(numbered(30)))
    const paths: string[] = []
    const runs = Array.from({ length: 4 }, async () => {
      await using locator = locatorOf({ listEverySeconds: 0.001 })
      await run(locator, paths)
    })
    await Promise.all(runs)
    expect(paths.sort()).toEqual(numbered(30))
  })
})

describe('new and changed files', () => {
  test('a file that comes while work is queued is found in the same run', async () => {
    putFiles(server().root, filesOf(['d/a.txt', 'd/b.txt']))
    await using locator = locatorOf({ listEverySeconds: 0.001 })
    const [first] = await locator.next(1)
    putFiles(server().root, filesOf(['d/c.txt']))
    if (first === undefined) throw new Error('Nothing to fetch')
    await fetchOne(locator, first)
    expect(await run(locator)).toEqual(['d/b.txt', 'd/c.txt'])
  })

  test('a run whose predecessor left work lists all the same', async () => {
    putFiles(server().root, filesOf(numbered(5)))
    await using left = locatorOf()
    for (const each of await left.next(1)) await left.giveBack(each)
    putFiles(server().root, filesOf(['d/x.txt']))
    expect(await runOnce()).toEqual([...numbered(5), 'd/x.txt'])
  })

  test.each([
    { what: 'another time', version: { text: 'aaaa', mtime: '2026-02-01T00:00:00Z' } },
    { what: 'another size', version: { text: 'longer', mtime: '2026-01-01T00:00:00Z' } },
  ])('a file that was published again with $what is fetched again, the others are not', async ({ version }) => {
    putFiles(server().root, { 'd/cordata.zip': { text: 'aaaa' }, 'd/other.txt': {} })
    expect(await runOnce()).toEqual(['d/cordata.zip', 'd/other.txt'])
    putFiles(server().root, { 'd/cordata.zip': version })
    expect(await runOnce()).toEqual(['d/cordata.zip'])
    expect(readFileSync(join(folder(), 'd_cordata.zip'), 'utf8')).toBe(version.text)
    expect(await runOnce()).toEqual([])
  })

  test('a file that is replaced between listing and download is no failure: the new version is fetched', async () => {
    putFiles(server().root, { 'd/a.txt': { text: 'old' } })
    await using locator = locatorOf()
    const [leased] = await locator.next(1)
    if (leased === undefined) throw new Error('Nothing to fetch')
    putFiles(server().root, { 'd/a.txt': { text: 'newer', mtime: '2026-02-01T00:00:00Z' } })
    const error: unknown = await fetchOne(locator, leased).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_SFTP_FILE_CHANGED' })
    expect(await locator.failed(leased, error)).toMatchObject({ permanent: false })
    expect(await run(locator)).toEqual(['d/a.txt'])
    expect(readFileSync(join(folder(), 'd_a.txt'), 'utf8')).toBe('newer')
    expect(await locator.progress()).toEqual({ finished: true, failures: 0 })
  }, 30_000)

  test('a file that is replaced while a listing is put into line is found by the next one', async () => {
    const names = numbered(201)
    putFiles(server().root, filesOf(names))
    await using locator = locatorOf()
    const [first, second] = await locator.next(2)
    if (first === undefined || second === undefined) throw new Error('Nothing to fetch')
    const replaceAndFail = async (leased: LeasedRequest<SftpRequest>): Promise<number> => {
      putFiles(server().root, { [leased.request.path]: { text: 'newer', mtime: '2026-02-01T00:00:00Z' } })
      const error: unknown = await fetchOne(locator, leased).catch((reason: unknown) => reason)
      return (await locator.failed(leased, error)).nextAttemptAtMs ?? 0
    }
    const listingDueMs = await replaceAndFail(second)
    // The listing that this asks for stops before its second part, when the first file is in line already.
    const [stopped, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const { getMany } = store
    let parts = 0
    store.getMany = async (...args) => {
      parts += 1
      if (parts === 2) {
        stopped.resolve()
        await goOn.promise
      }
      return getMany.apply(store, args) as never
    }
    const fetched: string[] = []
    while ((await store.now()) < listingDueMs) await sleep(10)
    const running = run(locator, fetched)
    await stopped.promise
    await replaceAndFail(first)
    goOn.resolve()
    await running
    expect(fetched.toSorted()).toEqual(names)
  }, 60_000)

  test('a version that was dropped unread is not taken for done when it is put back', async () => {
    putFiles(server().root, { 'd/a.txt': { text: 'one' } })
    await using locator = locatorOf()
    const [leased] = await locator.next(1)
    if (leased === undefined) throw new Error('Nothing to fetch')
    renameSync(join(server().root, 'd/a.txt'), join(server().root, 'kept'))
    putFiles(server().root, { 'd/a.txt': { text: 'other' } })
    const error: unknown = await fetchOne(locator, leased).catch((reason: unknown) => reason)
    await locator.failed(leased, error)
    renameSync(join(server().root, 'kept'), join(server().root, 'd/a.txt'))
    expect(await runOnce()).toEqual(['d/a.txt'])
  })
})

describe('files that are still being written', () => {
  const young = (): string => new Date(Date.now() - 1000).toISOString()

  test('wait for two listings that show the same; others do not wait', async () => {
    putFiles(server().root, { 'd/old.txt': {}, 'd/young.txt': { mtime: young() } })
    // Listings in between, which show the same too early, do not count.
    await using locator = locatorOf({ stableForSeconds: 0.3, listEverySeconds: 0.001 })
    expect((await locator.next(5)).map(({ request }) => request.path)).toEqual(['d/old.txt'])
    const { finished, nextDueAtMs = 0 } = await locator.progress()
    expect(finished).toBe(false)
    let found: string[] = []
    while (found.length === 0) {
      await locator.waitForWork()
      found = (await locator.next(5)).map(({ request }) => request.path)
      if ((await store.now()) < nextDueAtMs) expect(found).toEqual([])
    }
    expect(found).toEqual(['d/young.txt'])
  })

  test('that grow between the listings are fetched once, whole', async () => {
    putFiles(server().root, { 'd/a.txt': { text: 'first\n', mtime: young() } })
    await using locator = locatorOf({ stableForSeconds: 0.2 })
    expect(await locator.next(5)).toEqual([])
    appendFileSync(join(server().root, 'd/a.txt'), 'second\n')
    expect(await run(locator)).toEqual(['d/a.txt'])
    expect(readFileSync(join(folder(), 'd_a.txt'), 'utf8')).toBe('first\nsecond\n')
  })

  test('are told by the next run from where the one before stopped', async () => {
    putFiles(server().root, { 'd/a.txt': { mtime: young() } })
    await using first = locatorOf({ stableForSeconds: 0.2 })
    expect(await first.next(5)).toEqual([])
    const { nextDueAtMs = 0 } = await first.progress()
    while ((await store.now()) < nextDueAtMs) await first.waitForWork()
    await using second = locatorOf({ stableForSeconds: 0.2 })
    expect((await second.next(5)).map(({ request }) => request.path)).toEqual(['d/a.txt'])
  })

  test('and never stop growing do not keep the run from ending, nor from fetching the rest', async () => {
    putFiles(server().root, { 'd/a.txt': {}, 'd/log.txt': { mtime: young() } })
    await using locator = locatorOf({ stableForSeconds: 0.02 })
    const fetched: string[] = []
    let listings = 0
    while (!(await locator.progress()).finished) {
      appendFileSync(join(server().root, 'd/log.txt'), 'more\n')
      listings += 1
      for (const each of await locator.next(5)) {
        await fetchOne(locator, each)
        fetched.push(each.request.path)
      }
      await locator.waitForWork()
    }
    expect(fetched).toEqual(['d/a.txt'])
    expect(listings).toBeLessThan(100)
  })
})

describe('failures', () => {
  test('a directory that cannot be listed fails the run, and is no success with 0 files', async () => {
    await expect(runOnce()).rejects.toMatchObject({ code: 'ERR_SFTP_PATH', status: 'no-such-file' })
  })

  test('a listing that fails while work is queued is thrown too, and the work is there afterwards', async () => {
    putFiles(server().root, filesOf(['d/a.txt', 'd/b.txt']))
    await using locator = locatorOf({ listEverySeconds: 0.001 })
    await locator.next(1)
    chmodSync(join(server().root, 'd'), 0)
    const listedBeforeMs = await store.now()
    while ((await store.now()) <= listedBeforeMs + 1) await locator.waitForWork()
    await expect(locator.next(1)).rejects.toMatchObject({ status: 'permission-denied' })
    chmodSync(join(server().root, 'd'), 0o755)
    expect((await locator.next(1)).map(({ request }) => request.path)).toEqual(['d/b.txt'])
  })

  test('a server that is not there fails the run, within its attempts', async () => {
    await using proxy = await startTcpProxy(server().port)
    proxy.refuse(100)
    const connection = loginTo(server(), { port: proxy.port, connectAttempts: 3 })
    await expect(runOnce({ connection })).rejects.toMatchObject({ code: 'ERR_SFTP_CONNECTION' })
    expect(proxy.accepted).toBe(3)
  })

  test('a line that is cut during the listing is no failure', async () => {
    putFiles(server().root, filesOf(numbered(300)))
    await using proxy = await startTcpProxy(server().port)
    proxy.cutAfter(6000)
    const connection = loginTo(server(), { port: proxy.port })
    await using locator = locatorOf({ connection })
    const leasing = locator.next(10)
    while (proxy.accepted < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    proxy.cutAfter(undefined)
    expect(await leasing).toHaveLength(10)
  })

  test('a file that cannot be read is kept as a failure after its attempts, the others are fetched, and retry() brings it back', async () => {
    putFiles(server().root, filesOf(['d/a.txt', 'd/closed.txt', 'd/z.txt']))
    chmodSync(join(server().root, 'd/closed.txt'), 0)
    await using locator = locatorOf()
    expect(await run(locator)).toEqual(['d/a.txt', 'd/z.txt'])
    expect(await locator.progress()).toEqual({ finished: true, failures: 1 })
    const [failure] = await collect(locator.failures())
    expect(failure).toMatchObject({ errorCode: 'ERR_SFTP_PATH', request: { path: 'd/closed.txt' } })
    expect(await runOnce()).toEqual([])

    chmodSync(join(server().root, 'd/closed.txt'), 0o644)
    expect(await locator.retry('d/closed.txt')).toBe(1)
    expect(await run(locator)).toEqual(['d/closed.txt'])
    expect(await collect(locator.failures())).toEqual([])
  })

  test('a file whose request is lost is told as a failure, and found again by the listing after retry()', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await using dead = locatorOf({ leaseSeconds: 0.001 })
    await using locator = locatorOf({ listEverySeconds: 0.001 })
    expect(await dead.next(1)).toHaveLength(1)
    for await (const { key } of store.scan(['us_fl_daily_provider', 'queue', 'payload'])) await store.delete(key)
    expect(await run(locator)).toEqual([])
    const failures = await collect(locator.failures())
    expect(failures).toMatchObject([{ request: undefined, errorCode: 'ERR_REQUEST_LOST' }])
    expect(await locator.retry(failures[0]?.id)).toBe(1)
    expect(await run(locator)).toEqual(['d/a.txt'])
    expect(await collect(locator.failures())).toEqual([])
  })

  test('a name that is not UTF-8 cannot be asked for, and is told as a failure; the others are fetched', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    writeFileSync(Buffer.concat([Buffer.from(`${server().root}/d/`), Buffer.from([0x62, 0xff, 0x62])]), 'latin')
    await using locator = locatorOf({ stableForSeconds: 0 })
    expect(await run(locator)).toEqual(['d/a.txt'])
    expect(await collect(locator.failures())).toMatchObject([{ request: { path: 'd/b\ufffdb' } }])
  })

  test('a download that failed for now is tried again, and leaves no error behind', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await using locator = locatorOf()
    const [leased] = await locator.next(1)
    if (leased === undefined) throw new Error('Nothing to fetch')
    const outcome = await locator.failed(leased, new Error('The disk is slow'))
    expect(outcome).toMatchObject({ failures: 1, permanent: false, nextAttemptAtMs: expect.any(Number) })
    expect(await run(locator)).toEqual(['d/a.txt'])
    expect(await collect(store.scan(['us_fl_daily_provider', 'errors']))).toEqual([])
  })

  test('a file that is replaced at every download ends as a failure, not in a run without end', async () => {
    putFiles(server().root, { 'd/a.txt': { text: '0' } })
    await using locator = locatorOf({ listEverySeconds: 0.001 })
    let outcome = { nextAttemptAtMs: 0 as number | null }
    let rounds = 0
    for (; outcome.nextAttemptAtMs !== null; rounds += 1) {
      const [leased] = await locator.next(1)
      if (leased === undefined) throw new Error('Nothing to fetch')
      putFiles(server().root, { 'd/a.txt': { text: 'x'.repeat(rounds + 2) } })
      const error: unknown = await fetchOne(locator, leased).catch((reason: unknown) => reason)
      outcome = await locator.failed(leased, error)
    }
    expect(rounds).toBe(11)
    expect((await locator.progress()).failures).toBe(1)
  })
})

describe('by hand', () => {
  test('refresh() fetches a file again by its path, and knows nothing of others', async () => {
    putFiles(server().root, filesOf(['d/a.txt', 'd/b.txt']))
    await runOnce()
    await using locator = locatorOf()
    expect(await locator.refresh('d/none.txt')).toBe(0)
    expect(await locator.refresh('d/a.txt')).toBe(1)
    expect(await run(locator)).toEqual(['d/a.txt'])
  })

  test('reset() forgets everything', async () => {
    putFiles(server().root, filesOf(['d/a.txt']))
    await using locator = locatorOf()
    expect(await run(locator)).toEqual(['d/a.txt'])
    await locator.reset()
    expect(await run(locator)).toEqual(['d/a.txt'])
  })

  test.each([
    { options: { listEverySeconds: 0 }, message: /listEverySeconds/ },
    { options: { stableForSeconds: -1 }, message: /stableForSeconds/ },
    { options: { connection: undefined }, message: /'connection' or 'pool'/ },
    { options: { prefix: '' }, message: /prefix/ },
  ])('options that cannot be meant are refused: $options', ({ options, message }) => {
    expect(() => locatorOf(options)).toThrow(message)
  })
})

test('nothing of the login is in the store', async () => {
  putFiles(server().root, filesOf(['d/a.txt', 'd/closed.txt']))
  chmodSync(join(server().root, 'd/closed.txt'), 0)
  await using locator = locatorOf()
  await run(locator)
  const everything = JSON.stringify(await collect(store.scan()))
  expect(everything).toContain('d/closed.txt')
  for (const line of server()
    .privateKey.split('\n')
    .filter((text) => text.length > 20)) {
    expect(everything).not.toContain(line)
  }
})

test('a download that takes longer than the lease keeps it', async () => {
  putFiles(server().root, { 'd/a.bin': { text: new Uint8Array(3_000_000) } })
  await using locator = locatorOf({ leaseSeconds: 0.2 })
  const [leased] = await locator.next(1)
  if (leased === undefined) throw new Error('Nothing to fetch')
  const fast = openPartial(join(folder(), 'a'))
  const slow = {
    path: fast.path,
    get size() {
      return fast.size
    },
    truncate: fast.truncate,
    append: async (data: Uint8Array) => {
      await new Promise((resolve) => setTimeout(resolve, 100))
      await fast.append(data)
    },
  }
  const done = await locator.download(leased, slow, { blockBytes: 300_000 })
  await locator.succeeded(leased, done)
  expect((await locator.progress()).finished).toBe(true)
})

test('a download whose lease was lost is stopped', async () => {
  putFiles(server().root, { 'd/a.bin': { text: new Uint8Array(3_000_000) } })
  await using locator = locatorOf({ leaseSeconds: 0.3 })
  const [leased] = await locator.next(1)
  if (leased === undefined) throw new Error('Nothing to fetch')
  await locator.giveBack(leased)
  const slow = {
    path: join(folder(), 'a'),
    size: 0,
    truncate: async () => undefined,
    append: () => new Promise<void>((resolve) => setTimeout(resolve, 100)),
  }
  await expect(locator.download(leased, slow, { blockBytes: 100_000 })).rejects.toMatchObject({
    code: 'ERR_LEASE_LOST',
  })
})

test('names with spaces, line ends and dots come down below the folder under names of their own', async () => {
  const names = ['d/a b.txt', 'd/new\nline.txt', 'd/élève.txt', 'd/..a', 'd/100%', 'd/a\\..\\b']
  putFiles(server().root, filesOf(names))
  utimesSync(join(server().root, 'd/a b.txt'), 1, 1)
  writeFileSync(join(folder(), 'outside'), '')
  const fetched = await runOnce({ sources: [{ directory: 'd', patterns: ['*', '..*'] }] })
  expect(fetched.sort()).toEqual([...names].sort())
  for (const name of names) {
    expect(readFileSync(join(folder(), localName(name).replaceAll('/', '_')), 'utf8')).toBe(`content of ${name}\n`)
  }
})
