import assert from 'node:assert/strict'
import { assertSameBytes, noise, text } from './bodies.js'
import type { StoreCheck } from './suite.js'

export const concurrencyChecks: readonly StoreCheck[] = [
  {
    name: 'concurrent puts of equal bytes under one key store once',
    async run(store) {
      await using one = await store.open()
      await using two = await store.open()
      const results = await Promise.all([one, two, one, two].map((archive) => archive.put('7', noise(50_000))))
      assert.deepEqual(results.map((result) => result.outcome).sort(), [
        'already-stored',
        'already-stored',
        'already-stored',
        'stored',
      ])
      assertSameBytes(await one.get('7'), noise(50_000))
    },
  },
  {
    name: 'concurrent puts of different bytes under one key: one is stored whole, the others conflict',
    async run(store) {
      await using one = await store.open()
      await using two = await store.open()
      const bodies = [noise(50_000, 1), noise(50_000, 2), noise(60_000, 3), text('short')]
      const results = await Promise.allSettled(bodies.map((body, at) => (at % 2 === 0 ? one : two).put('7', body)))
      const winners = results.flatMap((result, at) => (result.status === 'fulfilled' ? [at] : []))
      const codes = results.flatMap((result) => (result.status === 'rejected' ? [result.reason.code] : []))
      assert.deepEqual(codes, Array(3).fill('ERR_ARCHIVE_CONFLICT'))
      assertSameBytes(await one.get('7'), bodies[winners[0] ?? -1] ?? text('no winner'))
    },
  },
  {
    name: 'get() during a put sees nothing or the whole body',
    async run(store) {
      await using archive = await store.open()
      const body = noise(1_000_000)
      let settled = false
      const putting = archive.put('7', body).finally(() => {
        settled = true
      })
      const looking = async (): Promise<void> => {
        while (!settled) {
          const seen = await archive.get('7').catch((error) => {
            assert.equal(error.code, 'ERR_ARCHIVE_NOT_FOUND')
          })
          if (seen !== undefined) assertSameBytes(seen, body)
        }
      }
      await Promise.all([putting, looking()])
      assertSameBytes(await archive.get('7'), body)
    },
  },
]
