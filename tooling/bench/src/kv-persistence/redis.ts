import { createKvStore } from '@holdfast/kv-persistence'
import KeyvRedis from '@keyv/redis'
import { Redis } from 'ioredis'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import redisStorage from 'unstorage/drivers/redis'
import { type Contender, inFlight, measure, print, VALUE } from './turns.ts'

/** Puts and gets on a server at the port, beside those of other clients. */
export async function measureRedis(rounds: number, port: number): Promise<void> {
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
