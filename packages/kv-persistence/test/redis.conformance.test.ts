import { kvConformanceChecks } from '@holdfast/kv-persistence/conformance'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { redisTestStore } from './stores.js'

let server: RedisServer
let count = 0

beforeAll(async () => {
  server = await startRedisServer()
}, 60_000)
afterAll(() => server.stop())

describe('redis', () => {
  test.concurrent.each(
    kvConformanceChecks({
      createStore: async () => {
        count += 1
        return redisTestStore({ port: server.port, keyPrefix: `check${count}` })
      },
    }),
  )('$name', ({ run }) => run())
})
