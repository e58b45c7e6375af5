/**
 * The key-value store beside others, in one run and in turns; medians over rounds, and ratios of speed (2 is twice as fast as what the ratio is to).
 *
 * - memory: put and get of an object of about 100 bytes, with keyv, both with JSON
 * - SQLite: durable puts, one after another and 64 in flight, with a bare prepared statement of node:sqlite that commits each
 * - Redis: put and get, one after another and 100 in flight, with ioredis (one by one; as a pipeline), @keyv/redis and unstorage
 * - increments of 4 processes, and whether the sum is exact
 * - processed items marked one by one: the last 1,000 of 100,000 against the first 1,000
 *
 * Usage: node tooling/bench/src/kv-persistence.bench.ts [rounds] [folder of SQLite] [folder with node_modules/@keyv/sqlite]
 * @keyv/sqlite needs a compiler or a download to install, so it is measured only if a folder that has it is given.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createKvStore, createPersistenceManager, type KvStore, type KvStoreOptions } from '@holdfast/kv-persistence'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import redisStorage from 'unstorage/drivers/redis'

/** `run` does `operations` of them. */
interface Contender {
  readonly name: string
  readonly operations: number
  readonly run: (round: number) => Promise<void>
}

const WARM_UP_ROUNDS = 15
const VALUE = {
  id: 4711,
  url: 'https://a.example/bundles/4711',
  state: 'done',
  at: '2026-01-02T03:04:05.006Z',
  tries: 2,
}

await main(Number(process.argv[2] ?? 40), process.argv[3] ?? tmpdir(), process.argv[4])

async function main(rounds: number, parent: string, peers: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(parent, 'holdfast-bench-'))
  const server = await startRedisServer()
  try {
    await memory(rounds)
    await sqlite(rounds, folder, peers)
    await redis(rounds, server.port)
    const stores: readonly KvStoreOptions[] = [
      { type: 'sqlite', path: join(folder, 'increment.sqlite'), timeoutMs: 60_000 },
      { type: 'redis', host: '127.0.0.1', port: server.port, keyPrefix: 'increment' },
    ]
    for (const options of stores) await increments(options)
    for (const options of stores) await processedItems(options)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
}

async function memory(rounds: number): Promise<void> {
  const OPERATIONS = 5000
  await using store = await createKvStore({ type: 'memory' })
  const keyv = new Keyv()
  const keys = Array.from({ length: OPERATIONS }, (_, n) => `k${n}`)
  const each = (work: (key: string) => Promise<unknown>) => async (): Promise<void> => {
    for (const key of keys) await work(key)
  }
  const putTimes = await measure(
    [
      { name: 'keyv set', operations: OPERATIONS, run: each((key) => keyv.set(key, VALUE)) },
      { name: 'holdfast put', operations: OPERATIONS, run: each((key) => store.put(key, VALUE)) },
    ],
    rounds,
  )
  print('memory, put', putTimes, 'keyv set')
  const getTimes = await measure(
    [
      { name: 'keyv get', operations: OPERATIONS, run: each((key) => keyv.get(key)) },
      { name: 'holdfast get', operations: OPERATIONS, run: each((key) => store.get(key)) },
    ],
    rounds,
  )
  print('memory, get', getTimes, 'keyv get')
}

async function sqlite(rounds: number, folder: string, peers: string | undefined): Promise<void> {
  const [ONE_BY_ONE, IN_FLIGHT] = [20, 64]
  await using store = await createKvStore({ type: 'sqlite', path: join(folder, 'ours.sqlite') })
  using bare = openBare(join(folder, 'bare.sqlite'))
  const text = JSON.stringify(VALUE)
  const keyv = peers === undefined ? undefined : openKeyvSqlite(peers, join(folder, 'keyv.sqlite'))
  const keyvRow = (name: string, operations: number, run: Contender['run']): readonly Contender[] =>
    keyv === undefined ? [] : [{ name, operations, run }]
  const times = await measure(
    [
      {
        name: 'bare node:sqlite, one commit each',
        operations: ONE_BY_ONE,
        run: async (round) => {
          for (let n = 0; n < ONE_BY_ONE; n += 1) bare.put(`k${round}:${n}`, text)
        },
      },
      {
        name: 'holdfast put, one after another',
        operations: ONE_BY_ONE,
        run: async (round) => {
          for (let n = 0; n < ONE_BY_ONE; n += 1) await store.put(`k${round}:${n}`, VALUE)
        },
      },
      {
        name: `holdfast put, ${IN_FLIGHT} in flight`,
        operations: IN_FLIGHT,
        run: (round) => inFlight(IN_FLIGHT, (n) => store.put(`f${round}:${n}`, VALUE)),
      },
      ...keyvRow('@keyv/sqlite set, one after another', ONE_BY_ONE, async (round) => {
        for (let n = 0; n < ONE_BY_ONE; n += 1) await keyv?.set(`k${round}:${n}`, VALUE)
      }),
      ...keyvRow(`@keyv/sqlite set, ${IN_FLIGHT} in flight`, IN_FLIGHT, (round) =>
        inFlight(IN_FLIGHT, (n) => keyv?.set(`f${round}:${n}`, VALUE)),
      ),
    ],
    rounds,
  )
  print('SQLite, durable put', times, 'bare node:sqlite, one commit each')
  await keyv?.disconnect()
}

interface Bare extends Disposable {
  put(key: string, value: string): void
}

/** The least that a durable put costs: WAL, synchronous FULL, one prepared statement. */
function openBare(path: string): Bare {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE kv (key TEXT PRIMARY KEY, value TEXT)')
  const put = db.prepare('INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
  return { put: (key, value) => void put.run(key, value), [Symbol.dispose]: () => db.close() }
}

function openKeyvSqlite(peers: string, path: string): Keyv {
  const required: unknown = createRequire(join(peers, 'package.json'))('@keyv/sqlite')
  const KeyvSqlite = (required as { default?: new (uri: string) => never }).default ?? required
  return new Keyv({ store: new (KeyvSqlite as new (uri: string) => never)(`sqlite://${path}`) })
}

async function redis(rounds: number, port: number): Promise<void> {
  const [ONE_BY_ONE, IN_FLIGHT] = [300, 100]
  await using store = await createKvStore({ type: 'redis', host: '127.0.0.1', port })
  const client = new Redis(port, '127.0.0.1')
  const keyv = new Keyv({ store: new KeyvRedis(`redis://127.0.0.1:${port}`) })
  const storage = createStorage<typeof VALUE>({ driver: redisStorage({ host: '127.0.0.1', port, base: 'unstorage' }) })
  const oneByOne =
    (work: (key: string) => Promise<unknown>): Contender['run'] =>
    async () => {
      for (let n = 0; n < ONE_BY_ONE; n += 1) await work(`k${n}`)
    }
  const many =
    (work: (key: string) => Promise<unknown>): Contender['run'] =>
    () =>
      inFlight(IN_FLIGHT, (n) => work(`k${n}`))
  const text = (): string => JSON.stringify(VALUE)
  const put = (key: string): Promise<unknown> => store.put(key, VALUE)
  const kinds = [
    {
      what: 'put',
      ours: put,
      plain: (key: string): Promise<unknown> => client.set(`plain:${key}`, text()),
      keyv: (key: string): Promise<unknown> => keyv.set(key, VALUE),
      unstorage: (key: string): Promise<unknown> => storage.setItem(key, VALUE),
      pipeline: async (): Promise<void> => {
        const pipeline = client.pipeline()
        for (let n = 0; n < IN_FLIGHT; n += 1) pipeline.set(`plain:k${n}`, text())
        await pipeline.exec()
      },
    },
    {
      what: 'get',
      ours: (key: string): Promise<unknown> => store.get(key),
      plain: async (key: string): Promise<unknown> => JSON.parse((await client.get(`plain:${key}`)) ?? ''),
      keyv: (key: string): Promise<unknown> => keyv.get(key),
      unstorage: (key: string): Promise<unknown> => storage.getItem(key),
      pipeline: async (): Promise<void> => {
        const pipeline = client.pipeline()
        for (let n = 0; n < IN_FLIGHT; n += 1) pipeline.get(`plain:k${n}`)
        for (const [, value] of (await pipeline.exec()) ?? []) JSON.parse(String(value))
      },
    },
  ] as const
  await inFlight(IN_FLIGHT, (n) => put(`k${n}`))
  for (const { what, ours, plain, keyv: byKeyv, unstorage, pipeline } of kinds) {
    const single = await measure(
      [
        { name: `ioredis ${what}`, operations: ONE_BY_ONE, run: oneByOne(plain) },
        { name: `holdfast ${what}`, operations: ONE_BY_ONE, run: oneByOne(ours) },
        { name: `@keyv/redis ${what}`, operations: ONE_BY_ONE, run: oneByOne(byKeyv) },
        { name: `unstorage ${what}`, operations: ONE_BY_ONE, run: oneByOne(unstorage) },
      ],
      rounds,
    )
    print(`Redis, ${what}, one after another`, single, `ioredis ${what}`)
    const together = await measure(
      [
        { name: `ioredis pipeline of ${what}`, operations: IN_FLIGHT, run: pipeline },
        { name: `ioredis ${what}`, operations: IN_FLIGHT, run: many(plain) },
        { name: `holdfast ${what}`, operations: IN_FLIGHT, run: many(ours) },
        { name: `@keyv/redis ${what}`, operations: IN_FLIGHT, run: many(byKeyv) },
        { name: `unstorage ${what}`, operations: IN_FLIGHT, run: many(unstorage) },
      ],
      rounds,
    )
    print(`Redis, ${what}, ${IN_FLIGHT} in flight`, together, `ioredis pipeline of ${what}`)
  }
  client.disconnect()
  await keyv.disconnect()
  await storage.dispose()
}

async function increments(options: KvStoreOptions): Promise<void> {
  const [PROCESSES, EACH] = [4, 1000]
  const script = join(import.meta.dirname, 'kv-increment-worker.mjs')
  const started = performance.now()
  await Promise.all(
    Array.from({ length: PROCESSES }, () =>
      once(spawn(process.execPath, [script, JSON.stringify(options), String(EACH)], { stdio: 'inherit' }), 'exit'),
    ),
  )
  const seconds = (performance.now() - started) / 1000
  await using store = await createKvStore(options)
  const sum = await store.get<number>('counter')
  const verdict = sum === PROCESSES * EACH ? 'exact' : 'WRONG'
  console.log(
    `${options.type}: ${PROCESSES} processes x ${EACH} increments: ${sum}, ${verdict}, ${seconds.toFixed(1)} s\n`,
  )
  if (verdict === 'WRONG') process.exitCode = 1
}

async function processedItems(options: KvStoreOptions): Promise<void> {
  const [ITEMS, EDGE] = [100_000, 1000]
  await using store = await createKvStore(options)
  const persistence = createPersistenceManager('bench', { store })
  const first = await markOneByOne(store, persistence.markProcessed.bind(persistence), 0, EDGE)
  for (let n = EDGE; n < ITEMS - EDGE; n += 500)
    await inFlight(500, (m) => persistence.markProcessed(`https://a.example/${n + m}`))
  const last = await markOneByOne(store, persistence.markProcessed.bind(persistence), ITEMS - EDGE, EDGE)
  console.log(`${options.type}: processed items marked one by one, median µs of an item`)
  console.table({
    [`the first ${EDGE}`]: { µs: Math.round(first * 1000) },
    [`the last ${EDGE} of ${ITEMS}`]: {
      µs: Math.round(last * 1000),
      'times the first': Number((last / first).toFixed(2)),
    },
  })
}

async function markOneByOne(
  store: KvStore,
  mark: (item: string) => Promise<boolean>,
  from: number,
  count: number,
): Promise<number> {
  for (let n = 0; n < 200; n += 1) await store.put('warm', n)
  const times: number[] = []
  for (let n = 0; n < count; n += 1) {
    const started = performance.now()
    await mark(`https://a.example/${from + n}`)
    times.push(performance.now() - started)
  }
  return median(times)
}

async function inFlight(count: number, work: (n: number) => Promise<unknown> | undefined): Promise<void> {
  await Promise.all(Array.from({ length: count }, (_, n) => work(n)))
}

/** In turns, there and back, so that a busy moment of the machine hits all alike. Milliseconds per operation. */
async function measure(all: readonly Contender[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map(all.map(({ name }) => [name, [] as number[]]))
  for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
    for (const { name, operations, run } of round % 2 === 0 ? all : all.toReversed()) {
      const started = performance.now()
      await run(round)
      if (round >= 0) times.get(name)?.push((performance.now() - started) / operations)
    }
  }
  return times
}

function print(title: string, times: ReadonlyMap<string, readonly number[]>, base: string): void {
  const baseMs = median(times.get(base) ?? [])
  console.log(title)
  const rows = [...times].map(([name, values]) => {
    const ms = median(values)
    return [name, { 'µs each': Number((ms * 1000).toFixed(1)), 'speed / first': Number((baseMs / ms).toFixed(2)) }]
  })
  console.table(Object.fromEntries(rows))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
}
