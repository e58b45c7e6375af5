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
import Keyv from 'keyv'
import { measureRedis } from './kv-persistence/redis.ts'
import { type Contender, inFlight, measure, median, print, VALUE } from './kv-persistence/turns.ts'

await main(Number(process.argv[2] ?? 40), process.argv[3] ?? tmpdir(), process.argv[4])

async function main(rounds: number, parent: string, peers: string | undefined): Promise<void> {
  const folder = mkdtempSync(join(parent, 'holdfast-bench-'))
  const server = await startRedisServer()
  try {
    await memory(rounds)
    await sqlite(rounds, folder, peers)
    await measureRedis(rounds, server.port)
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
