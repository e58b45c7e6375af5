import { setTimeout } from 'node:timers/promises'
import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import {
  type ApiLocator,
  type ApiLocatorOptions,
  conditionalHeaders,
  createApiLocator,
  createHttpClient,
  cursorPaging,
  type HttpClient,
  linkPaging,
  offsetPaging,
  pageNumberPaging,
} from '@holdfast/locators'
import { reply, sireneFaults } from '@holdfast/testkit/sirene-server'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { collect } from '../collect.js'
import { type Fetched, fetchAll, sirensOf } from '../fetch-all.js'
import { ApiServer, type ApiServerOptions } from '../servers/api-server.js'

const TODAY = Date.parse('2025-03-10T12:00:00Z')
let store: KvStore
let server: ApiServer
let client: HttpClient
let clock: { wallMs: number; monotonicMs: number }

async function startServer(options: ApiServerOptions = {}): Promise<void> {
  await server?.[Symbol.asyncDispose]()
  server = await ApiServer.start(options)
}

beforeEach(async () => {
  clock = { wallMs: TODAY, monotonicMs: 1000 }
  store = await createKvStore(
    { type: 'memory' },
    { wallMs: () => clock.wallMs, monotonicMs: () => clock.monotonicMs, bootId: () => 'boot' },
  )
  await startServer()
  client = createHttpClient({ notFoundIsEmpty: true, stalledTimeoutMs: 200, headersTimeoutMs: 1000 })
})

afterEach(async () => {
  await client.close()
  await server[Symbol.asyncDispose]()
  await store.close()
})

function pass(ms: number): void {
  clock.wallMs += ms
  clock.monotonicMs += ms
}

function sirene(options: Partial<ApiLocatorOptions> = {}): ApiLocator {
  return createApiLocator(
    {
      prefix: 'fr_siren_provider',
      store,
      windows: { start: '2025-03-01', end: '2025-03-03' },
      request: ({ from }, narrowing) => ({
        url: `${server.origin}/siren?nombre=2&q=${encodeURIComponent(`dateCreation:${from}${narrowing === '' ? '' : ` AND siren:${narrowing}*`}`)}`,
      }),
      paging: cursorPaging({ parameter: 'curseur', first: '*', next: '$.header.curseurSuivant' }),
      ...options,
    },
    { wallMs: () => clock.wallMs },
  )
}

async function run(locator: ApiLocator): Promise<{ fetched: Fetched[]; sirens: string[]; failed: unknown[] }> {
  const fetched: Fetched[] = []
  const { failed } = await fetchAll(locator, client, (one) => void fetched.push(one))
  return { fetched, sirens: sirensOf(fetched), failed }
}

function days(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, n) => `2025-03-${String(from + n).padStart(2, '0')}`)
}

function companies(of: readonly string[]): string[] {
  return of.flatMap((day) => server.companies(day))
}

describe('windows and cursor', () => {
  test('every page of every day is fetched once, in order, and then it is finished', async () => {
    const locator = sirene()
    expect((await locator.progress()).finished).toBe(false)
    const { sirens, fetched } = await run(locator)
    expect(sirens).toEqual(companies(days(1, 3)))
    expect(fetched).toHaveLength(9)
    expect(server.received).toHaveLength(9)
    expect(await locator.progress()).toEqual({ finished: true, failures: 0 })
  })

  test('backward, from the last day to the first', async () => {
    const { sirens } = await run(sirene({ windows: { start: '2025-03-01', end: '2025-03-03', direction: 'backward' } }))
    expect(sirens).toEqual(companies(days(1, 3).reverse()))
  })

  test('a later run fetches nothing again, a later end continues, an earlier start is fetched too', async () => {
    await run(sirene())
    expect((await run(sirene())).fetched).toEqual([])
    expect((await run(sirene({ windows: { start: '2025-03-01', end: '2025-03-05' } }))).sirens).toEqual(
      companies(days(4, 5)),
    )
    const earlier = sirene({ windows: { start: '2025-02-27', end: '2025-03-05' } })
    expect((await run(earlier)).sirens).toEqual(companies(['2025-02-27', '2025-02-28']))
  })

  test('of 10 days of which 3 in a row are rejected 7 are fetched', async () => {
    const rejected = ['2025-03-03', '2025-03-04', '2025-03-05']
    const windows = {
      start: '2025-03-01',
      end: '2025-03-10',
      filter: ({ from }: { from: string }) => !rejected.includes(from),
    }
    clock.wallMs += 86_400_000 * 5
    const { sirens } = await run(sirene({ windows }))
    expect(sirens).toEqual(companies(days(1, 10).filter((day) => !rejected.includes(day))))
    const { sirens: rest } = await run(sirene({ windows: { ...windows, filter: () => true } }))
    expect(rest).toEqual(companies(rejected))
  })

  test('without an end it goes on to today, and today is fetched again in each later run until it is over', async () => {
    const windows = { start: '2025-03-08' }
    const first = sirene({ windows })
    expect((await run(first)).sirens).toEqual(companies(days(8, 10)))
    expect((await first.progress()).finished).toBe(true)
    pass(3600_000)
    expect((await run(first)).fetched).toEqual([])
    expect((await run(sirene({ windows }))).sirens).toEqual(companies(days(10, 10)))
    pass(24 * 3600_000)
    expect((await run(sirene({ windows }))).sirens).toEqual(companies(days(10, 11)))
    pass(24 * 3600_000)
    expect((await run(sirene({ windows }))).sirens).toEqual(companies(days(11, 12)))
  })

  test('today is that of the time zone', async () => {
    clock.wallMs = Date.parse('2025-03-10T23:30:00Z')
    const { sirens } = await run(sirene({ windows: { start: '2025-03-10', timeZone: 'Europe/Paris' } }))
    expect(sirens).toEqual(companies(days(10, 11)))
  })

  test('windows of several days, the last one shorter', async () => {
    const asked: string[] = []
    const locator = sirene({
      windows: { start: '2025-03-01', end: '2025-03-08', stepDays: 3 },
      request: ({ from, to }) => {
        asked.push(`${from}..${to}`)
        return { url: `${server.origin}/siren?q=dateCreation:${from}` }
      },
    })
    await run(locator)
    expect(asked).toEqual(['2025-03-01..2025-03-03', '2025-03-04..2025-03-06', '2025-03-07..2025-03-08'])
  })

  test('a day with nothing, which is a 404, is an empty page and done', async () => {
    await startServer({ perDay: (day) => (day.endsWith('02') ? 0 : 3) })
    const { sirens, failed } = await run(sirene())
    expect(sirens).toEqual(companies(days(1, 3)))
    expect(failed).toEqual([])
    expect((await run(sirene())).fetched).toEqual([])
  })

  test('pages that lead back to an earlier one are a failure, not an endless walk', async () => {
    for (const next of ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a']) {
      server.faults.push(reply(200, { header: { curseurSuivant: next }, unitesLegales: [] }))
    }
    const { failed } = await run(sirene({ windows: { start: '2025-03-01', end: '2025-03-01' } }))
    expect(failed).toMatchObject([{ code: 'ERR_PAGING_LOOP' }])
    expect(server.received.length).toBeLessThan(9)
  })
})

describe('other paging', () => {
  const single = (path: string, options: Partial<ApiLocatorOptions>): ApiLocator =>
    createApiLocator({ prefix: 'p', store, requests: [`${server.origin}${path}`], ...options })

  test.each([
    ['page numbers', '/page', pageNumberPaging({ items: '$.items' }), ['page=1', 'page=2', 'page=3', 'page=4']],
    [
      'page numbers of a known size',
      '/page',
      pageNumberPaging({ items: '$.items', size: 2 }),
      ['page=1', 'page=2', 'page=3'],
    ],
    ['offsets', '/offset', offsetPaging({ items: '$.rows', total: '$.total' }), ['offset=0', 'offset=2', 'offset=4']],
    ['Link headers', '/link', linkPaging(), ['', 'page=2', 'page=3']],
  ])('%s', async (_, path, paging, expected) => {
    const { fetched } = await run(single(path, { paging }))
    expect(fetched.map(({ url }) => new URL(url).search.slice(1))).toEqual(expected)
  })

  test('a Link to another server is a failure', async () => {
    server.faults.push(reply(200, {}, { link: '<http://localhost:1/>; rel=next' }))
    expect((await run(single('/link', { paging: linkPaging() }))).failed).toMatchObject([{ code: 'ERR_PAGE_FORMAT' }])
  })

  test('single requests are fetched once, however often they are named and run', async () => {
    const requests = [`${server.origin}/page?a=1&b=2`, `${server.origin}/page?b=2&a=1`, `${server.origin}/page?a=2`]
    const locator = (): ApiLocator => createApiLocator({ prefix: 'p', store, requests })
    expect((await run(locator())).fetched).toHaveLength(2)
    expect((await run(locator())).fetched).toHaveLength(0)
  })

  test('three times next() at once hand out each single request once, and all of them', async () => {
    const requests = Array.from({ length: 20 }, (_, n) => `${server.origin}/page?n=${n}`)
    // Slow enough that all three look for new work at the same time.
    const slow = new Proxy(store, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'getMany') return value.bind(target)
        return async (...args: unknown[]): Promise<unknown> => {
          await setTimeout(20)
          return value.apply(target, args)
        }
      },
    })
    const locator = createApiLocator({ prefix: 'p', store: slow, requests })
    const leases = (await Promise.all([locator.next(5), locator.next(5), locator.next(10)])).flat()
    expect(new Set(leases.map(({ request }) => request.url))).toEqual(new Set(requests))
    expect(leases).toHaveLength(20)
  })
})

describe('narrowing', () => {
  const narrowing = { limit: 20, total: '$.header.total', maxLength: 4 }

  test('a window with more matches than the server gives out is fetched in narrower parts, all of it', async () => {
    await startServer({ perDay: () => 137, limit: 20 })
    const locator = sirene({ narrowing })
    const { sirens } = await run(locator)
    expect(sirens.toSorted()).toEqual(companies(days(1, 3)).toSorted())
    expect(await locator.progress()).toEqual({ finished: true, failures: 0 })
  })

  test('what cannot be narrowed further is a failure', async () => {
    await startServer({ perDay: () => 137, limit: 20 })
    const { failed } = await run(sirene({ narrowing: { ...narrowing, maxLength: 2 } }))
    expect(failed[0]).toMatchObject({ code: 'ERR_NARROWING', total: 100 })
  })

  test('an answer without its total is a failure', async () => {
    const { failed } = await run(sirene({ narrowing: { ...narrowing, total: '$.total' } }))
    expect(failed[0]).toMatchObject({ code: 'ERR_PAGE_FORMAT' })
  })
})

describe('failures', () => {
  test('a failed page is tried again at its time and the walk goes on from there', async () => {
    server.faults.push(undefined, sireneFaults.status(500), undefined)
    const locator = sirene()
    const first = await run(locator)
    expect(first.failed).toMatchObject([{ code: 'ERR_HTTP_STATUS', status: 500 }])
    const progress = await locator.progress()
    expect(progress).toMatchObject({ finished: false, failures: 0 })
    pass(Math.max(0, (progress.nextDueAtMs ?? 0) - (await store.now())))
    const second = await run(sirene())
    expect([...first.sirens, ...second.sirens].toSorted()).toEqual(companies(days(1, 3)).toSorted())
    expect((await locator.progress()).finished).toBe(true)
    for await (const { key } of store.scan('fr_siren_provider:errors')) expect.unreachable(key)
    for await (const { key } of store.scan('fr_siren_provider:retry')) expect.unreachable(key)
  })

  test('Retry-After is waited for', async () => {
    server.faults.push(sireneFaults.status(429, { 'retry-after': '900' }))
    const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' } })
    await run(locator)
    const { nextDueAtMs = 0 } = await locator.progress()
    expect(nextDueAtMs - (await store.now())).toBe(900_000)
    pass(899_999)
    expect(await locator.next(1)).toEqual([])
    pass(1)
    expect(await locator.next(1)).toHaveLength(1)
  })

  test('a request whose record is gone is told as a failure with the fix, and retry() does not claim to bring it back', async () => {
    const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' } })
    expect(await locator.next(1)).toHaveLength(1)
    for await (const { key } of store.scan('fr_siren_provider:queue:payload')) await store.delete(key)
    pass(300_000)
    expect(await locator.next(1)).toEqual([])
    expect(await locator.progress()).toEqual({ finished: true, failures: 1 })
    const failures = await collect(locator.failures())
    expect(failures).toHaveLength(1)
    expect(failures[0]).toMatchObject({
      id: expect.stringMatching(/^\d+$/),
      request: undefined,
      errorCode: 'ERR_REQUEST_LOST',
      hint: expect.stringContaining('Reset'),
    })
    expect(await locator.retry()).toBe(0)
    expect(await locator.retry(failures[0]?.id)).toBe(0)
    expect((await locator.progress()).failures).toBe(1)
    await locator.reset()
    expect((await run(locator)).sirens.toSorted()).toEqual(companies(days(1, 1)).toSorted())
  })

  test('a permanent error is given up at once, the other days are fetched, and retry() gives it back', async () => {
    server.faults.push(sireneFaults.status(400))
    const locator = sirene()
    const { sirens } = await run(locator)
    expect(sirens).toEqual(companies(days(2, 3)))
    expect(await locator.progress()).toEqual({ finished: true, failures: 1 })
    const failures = await collect(locator.failures())
    expect(failures).toMatchObject([
      { errorCode: 'ERR_HTTP_STATUS', failures: 1, request: { window: { from: '2025-03-01' } } },
    ])
    expect((await run(sirene())).fetched).toEqual([])
    expect(await locator.retry('unknown')).toBe(0)
    expect(await locator.retry(failures[0]?.request?.url)).toBe(1)
    expect((await run(locator)).sirens).toEqual(companies(days(1, 1)))
    expect(await locator.progress()).toEqual({ finished: true, failures: 0 })
  })

  test('it is given up after maxRetries more attempts', async () => {
    const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' }, maxRetries: 2 })
    const outcomes: unknown[] = []
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const [leased] = await locator.next(1)
      if (leased === undefined) return expect.unreachable()
      outcomes.push((await locator.failed(leased, new Error('broken'))).nextAttemptAtMs === null)
      pass(300_000)
    }
    expect(outcomes).toEqual([false, false, true])
    expect(await locator.next(1)).toEqual([])
  })

  test.each([
    ['a cut body', sireneFaults.cut(), 'ERR_HTTP_BODY'],
    ['chunks without their end', sireneFaults.cutChunks(), 'ERR_HTTP_BODY'],
    ['a body that stalls', sireneFaults.stalled(), 'ERR_HTTP_TIMEOUT'],
    ['no answer', sireneFaults.silent(), 'ERR_HTTP_TIMEOUT'],
    ['HTML instead of JSON', sireneFaults.html(), 'ERR_PAGE_FORMAT'],
  ])('%s is a failure and never an empty success', async (_, fault, code) => {
    server.faults.push(fault)
    const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' } })
    const first = await run(locator)
    expect(first.failed).toMatchObject([{ code }])
    expect(first.fetched).toEqual([])
    pass(300_000)
    expect((await run(locator)).sirens).toEqual(companies(days(1, 1)))
  })

  test('a late success or failure is refused and changes nothing', async () => {
    const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' }, leaseSeconds: 10 })
    const [late] = await locator.next(1)
    pass(10_001)
    const [second] = await locator.next(1)
    if (late === undefined || second === undefined) return expect.unreachable()
    expect(second.request).toEqual(late.request)
    const before = await collect(store.scan())
    const page = locator.readPage(late, { status: 200, headers: {}, body: { header: { curseurSuivant: 'x' } } })
    await expect(locator.succeeded(late, { page })).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await expect(locator.failed(late, new Error('late'))).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    await expect(locator.giveBack(late)).rejects.toMatchObject({ code: 'ERR_LEASE_LOST' })
    expect(await collect(store.scan())).toEqual(before)
    await locator.succeeded(second, { page })
    expect((await locator.next(5)).map(({ request }) => request.page?.token)).toEqual(['x'])
  })

  test('a page cannot be called done without what it says about the walk', async () => {
    const locator = sirene()
    const [leased] = await locator.next(1)
    if (leased === undefined) return expect.unreachable()
    await expect(locator.succeeded(leased)).rejects.toThrow(TypeError)
    await locator.giveBack(leased)
    const [again] = await locator.next(1)
    expect(again).toMatchObject({ attempt: 1, request: leased.request })
  })
})

test('two locators of one store do not see each other, and reset() forgets one of them', async () => {
  const [one, two] = [sirene(), sirene({ prefix: 'fr_siren_provider_2' })]
  await run(one)
  expect((await run(two)).sirens).toEqual(companies(days(1, 3)))
  await one.reset()
  expect(await collect(store.scan('fr_siren_provider'))).toEqual([])
  expect((await run(two)).fetched).toEqual([])
  expect((await run(one)).sirens).toEqual(companies(days(1, 3)))
})

test('refresh() fetches one page again and nothing after it', async () => {
  const locator = sirene()
  const { fetched } = await run(locator)
  const url = fetched[3]?.url ?? ''
  expect(await locator.refresh('unknown')).toBe(0)
  expect(await locator.refresh(url)).toBe(1)
  expect((await run(locator)).fetched.map((one) => one.url)).toEqual([url])
})

test('a conditional request sends what the server gave, and 304 keeps the walk going', async () => {
  const requests = [`${server.origin}/etag`]
  const locator = (): ApiLocator =>
    createApiLocator({ prefix: 'p', store, requests, repeatRequests: true, conditional: true, paging: linkPaging() })
  server.faults.push(reply(200, { value: 1 }, { etag: '"v1"', link: '</page>; rel=next' }))
  await run(locator())
  pass(10_000)
  const again = locator()
  const [leased] = await again.next(1)
  expect(leased?.validators).toMatchObject({ etag: '"v1"', page: { next: { url: `${server.origin}/page` } } })
  if (leased === undefined) return expect.unreachable()
  const headers = conditionalHeaders(leased.validators)
  const response = await client.request({ ...leased.request, headers })
  expect(response.isNotModified).toBe(true)
  const page = again.readPage(leased, { status: response.status, headers: response.headers })
  await again.succeeded(leased, { page })
  expect((await again.next(5)).map(({ request }) => request.url)).toEqual([`${server.origin}/page`])
  await response.discard()
})

test('waitForWork() wakes when a page is done, and at once when all is finished', async () => {
  const locator = sirene({ windows: { start: '2025-03-01', end: '2025-03-01' }, pollMs: 60_000 })
  const [leased] = await locator.next(1)
  if (leased === undefined) return expect.unreachable()
  const waiting = locator.waitForWork()
  const page = locator.readPage(leased, { status: 404, headers: {} })
  await locator.succeeded(leased, { page })
  await waiting
  await locator.waitForWork()
  await expect(locator.waitForWork({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})
