import assert from 'node:assert/strict'
import { collect, keysOf } from './assertions.js'
import type { StoreCheck } from './suite.js'

export const scanChecks: readonly StoreCheck[] = [
  {
    name: 'scan() gives entries in the order of the keys as bytes, whatever order they came in',
    async run(test) {
      await using store = await test.open()
      const keys = ['b', 'a:2', 'a:10', 'a', 'Z', 'é', '😀', '\uffff', 'a:1', '~', 'a!']
      for (const key of keys) await store.put(key, key)
      const expected = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      assert.deepEqual(await keysOf(store.scan()), expected)
      assert.deepEqual(await keysOf(store.scan('a')), ['a:1', 'a:10', 'a:2'])
      assert.deepEqual(
        (await collect(store.scan('a'))).map(({ value }) => value),
        ['a:1', 'a:10', 'a:2'],
      )
    },
  },
  {
    name: 'scan() of thousands, over many pages, gives each once',
    async run(test) {
      await using store = await test.open()
      const keys = Array.from({ length: 2500 }, (_, index) => `p:${String(index).padStart(5, '0')}`)
      await store.putMany(keys.toReversed().map((key) => [key, 1] as const))
      await store.put('q', 1)
      assert.deepEqual(await keysOf(store.scan('p')), keys)
    },
  },
  {
    name: 'range() is from start up to, without, end, at most limit',
    async run(test) {
      await using store = await test.open()
      for (const key of ['a', 'b', 'c', 'd', 'e']) await store.put(key, key)
      assert.deepEqual(await keysOf(store.range('b', 'd')), ['b', 'c'])
      assert.deepEqual(await keysOf(store.range('b', undefined, 2)), ['b', 'c'])
      assert.deepEqual(await keysOf(store.range(undefined, 'c')), ['a', 'b'])
      assert.deepEqual(await keysOf(store.range('bb', 'dd')), ['c', 'd'])
      assert.deepEqual(await keysOf(store.range('d', 'b')), [])
      assert.deepEqual(await keysOf(store.range('a', 'e', 0)), [])
      assert.deepEqual(await keysOf(store.range(undefined, undefined, 600)), ['a', 'b', 'c', 'd', 'e'])
    },
  },
  {
    name: 'scan() while keys come and go gives what stays exactly once, in order',
    async run(test) {
      await using store = await test.open()
      const stay = Array.from({ length: 1000 }, (_, index) => `k${String(index).padStart(4, '0')}`)
      await store.putMany(stay.flatMap((key) => [[key, 1] as const, [`${key}-goes`, 1] as const]))
      const seen: string[] = []
      let step = 0
      for await (const { key } of store.scan()) {
        seen.push(key)
        // Behind and in front of the scan, removed and added.
        if (step % 7 === 0) {
          const place = stay[(step * 131) % stay.length] ?? ''
          await store.delete(`${place}-goes`)
          await store.put(`${place}-new${step}`, 1)
        }
        step += 1
      }
      assert.deepEqual(
        seen.filter((key) => stay.includes(key)),
        stay,
      )
      assert.deepEqual(seen, seen.toSorted())
      assert.equal(new Set(seen).size, seen.length)
    },
  },
  {
    name: 'a scan that deletes what it sees empties the level and nothing else',
    async run(test) {
      await using store = await test.open()
      await store.putMany(Array.from({ length: 700 }, (_, index) => [['e', `${index}`], 1] as const))
      await store.putMany([
        ['d', 1],
        ['e', 1],
        ['ea:1', 1],
        ['f:1', 1],
      ])
      for await (const { key } of store.scan('e')) await store.delete(key)
      assert.deepEqual(await keysOf(store.scan()), ['d', 'e', 'ea:1', 'f:1'])
    },
  },
  {
    name: 'a scan can be left early and be called off',
    async run(test) {
      await using store = await test.open()
      await store.putMany([
        ['a', 1],
        ['b', 1],
      ])
      for await (const { key } of store.scan()) {
        assert.equal(key, 'a')
        break
      }
      await assert.rejects(collect(store.scan(undefined, { signal: AbortSignal.abort(new Error('stop')) })), /stop/)
    },
  },
]
