import type { KvTestStore } from '@holdfast/kv-persistence/conformance'
import { useTempDir } from '@holdfast/testkit'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { afterAll, beforeAll, describe } from 'vitest'
import { memoryTestStore, redisTestStore, sqliteTestStore } from './stores.js'

export type MakeStore = () => Promise<KvTestStore>

/** The same tests on each backend, each with a store of its own. */
export function describeEachBackend(tests: (makeStore: MakeStore, backend: string) => void): void {
  describe('memory', () => tests(memoryTestStore, 'memory'))
  describe('sqlite', () => {
    const dir = useTempDir()
    tests(() => sqliteTestStore(dir()), 'sqlite')
  })
  describe('redis', () => {
    let server: RedisServer
    let count = 0
    beforeAll(async () => {
      server = await startRedisServer()
    }, 60_000)
    afterAll(() => server.stop())
    tests(() => {
      count += 1
      return redisTestStore({ port: server.port, keyPrefix: `test${count}` })
    }, 'redis')
  })
}
