/** What went wrong in the Python original, one test per defect that no other test of this folder shows: see also kill.crash.test.ts. */
import { join } from 'node:path'
import { createKvStore, encodeSegment, type KvStore } from '@holdfast/kv-persistence'
import {
  type ApiLocator,
  type ApiLocatorOptions,
  createApiLocator,
  createHttpClient,
  cursorPaging,
} from '@holdfast/locators'
import { startChild, useTempDir } from '@holdfast/testkit'
import { sireneFaults } from '@holdfast/testkit/sirene-server'
import { expect, onTestFinished, test } from 'vitest'
import { collect } from '../collect.js'
import { type Fetched, fetchAll, sirensOf } from '../fetch-all.js'
import { ApiServer } from '../servers/api-server.js'

const dir = useTempDir()

async function setUp(perDay: number): Promise<{
  server: ApiServer
  store: KvStore
  walk: (options?: Partial<ApiLocatorOptions>) => ApiLocator
  run: (locator: ApiLocator) => Promise<string[]>
}> {
  const server = await ApiServer.start({ perDay: () => perDay })
  const store = await createKvStore({ type: 'sqlite', path: join(dir(), 'kv.sqlite') })
  const client = createHttpClient({ notFoundIsEmpty: true })
  onTestFinished(async () => {
    await client.close()
    await store.close()
    await server[Symbol.asyncDispose]()
  })
  const walk = (options: Partial<ApiLocatorOptions> = {}): ApiLocator =>
    createApiLocator({
      prefix: 'fr_siren_provider',
      store,
      baseDelaySeconds: 0.001,
      windows: { start: '2025-03-01', end: '2025-03-05' },
      request: ({ from }) => ({ url: `${server.origin}/siren?nombre=1000&q=dateCreation:${from}` }),
      paging: cursorPaging({ parameter: 'curseur', first: '*', next: '$.header.curseurSuivant' }),
      ...options,
    })
  const run = async (locator: ApiLocator): Promise<string[]> => {
    const fetched: Fetched[] = []
    await fetchAll(locator, client, (one) => void fetched.push(one))
    return sirensOf(fetched)
  }
  return { server, store, walk, run }
}

test('a day with more than one page of 1,000 is fetched whole', async () => {
  const { server, walk, run } = await setUp(2500)
  const sirens = await run(walk({ windows: { start: '2025-03-01', end: '2025-03-01' } }))
  expect(sirens).toEqual(server.companies('2025-03-01'))
  expect(sirens).toHaveLength(2500)
})

test('a request that was handed out and never heard of again is handed out again, and the walk goes on', async () => {
  const { server, walk, run } = await setUp(3)
  expect(await walk({ leaseSeconds: 0.05 }).next(2)).toHaveLength(2)
  const later = walk()
  const sirens: string[] = []
  while (!(await later.progress()).finished) {
    sirens.push(...(await run(later)))
    await later.waitForWork()
  }
  expect(sirens.toSorted()).toEqual([1, 2, 3, 4, 5].flatMap((day) => server.companies(`2025-03-0${day}`)).toSorted())
})

test('an error on day 3 of 5 is kept, days 4 and 5 are fetched, and a later run fetches day 3', async () => {
  const { server, store, walk, run } = await setUp(3)
  server.faults.push(undefined, undefined, sireneFaults.status(500))
  const first = await run(walk({ baseDelaySeconds: 300, maxDelaySeconds: 300 }))
  expect(first).toEqual([1, 2, 4, 5].flatMap((day) => server.companies(`2025-03-0${day}`)))
  const errors = await collect(store.scan('fr_siren_provider:errors'))
  expect(errors.map(({ value }) => value)).toMatchObject([{ errorCode: 'ERR_HTTP_STATUS', retryCount: 1 }])
})

test('a daily job goes on day by day, with one request per new day', async () => {
  const { server, walk, run } = await setUp(3)
  for (let day = 1; day <= 9; day += 1) {
    expect(await run(walk({ windows: { start: '2025-03-01', end: `2025-03-0${day}` } }))).toEqual(
      server.companies(`2025-03-0${day}`),
    )
  }
  expect(server.received).toHaveLength(9)
})

test('keys are the same in every process, and one per item', async () => {
  const { store, walk, run } = await setUp(3)
  await run(walk())
  const done = await collect(store.scan('fr_siren_provider:processed_urls'))
  expect(done).toHaveLength(5)
  const { request } = (done[0]?.value ?? {}) as { readonly request: { readonly id: string; readonly url: string } }
  expect(done[0]?.key).toBe(`fr_siren_provider:processed_urls:${encodeSegment(request.url)}:${request.id}`)
  const child = startChild(new URL('../fixtures/request-id.mjs', import.meta.url), {
    args: [request.url, '2025-03-01'],
  })
  expect((await child.waitFor('id'))['id']).toBe(request.id)
})
