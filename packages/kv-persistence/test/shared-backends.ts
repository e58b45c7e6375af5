import { join } from 'node:path'
import type { KvStoreOptions } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { afterAll, beforeAll, describe } from 'vitest'

/** The same tests on each backend that crosses processes; a fresh store for each call of `fresh`. */
export function describeSharedBackends(tests: (fresh: () => KvStoreOptions) => void): void {
  describe('sqlite', () => {
    const dir = useTempDir()
    tests(() => ({ type: 'sqlite', path: join(dir(), 'kv.sqlite'), timeoutMs: 60_000 }))
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
      return { type: 'redis', host: '127.0.0.1', port: server.port, keyPrefix: `test${count}`, timeoutMs: 30_000 }
    })
  })
}
