import assert from 'node:assert/strict'
import { assertRejectsWithCode } from './assertions.js'
import type { StoreCheck } from './suite.js'

export const atomicChecks: readonly StoreCheck[] = [
  {
    name: 'delete() says whether the key was there',
    async run(test) {
      await using store = await test.open()
      await store.put('k', 1)
      assert.equal(await store.delete('k'), true)
      assert.equal(await store.delete('k'), false)
      assert.equal(await store.get('k'), undefined)
    },
  },
  {
    name: 'putIfAbsent() puts once, also among many at a time',
    async run(test) {
      await using store = await test.open()
      const versions = await Promise.all(Array.from({ length: 20 }, (_, index) => store.putIfAbsent('k', index)))
      assert.equal(versions.filter((version) => version !== undefined).length, 1)
      assert.equal(
        await store.get('k'),
        versions.findIndex((version) => version !== undefined),
      )
      await store.delete('k')
      assert.notEqual(await store.putIfAbsent('k', null), undefined)
      assert.equal(await store.putIfAbsent('k', 1), undefined)
    },
  },
  {
    name: 'versions grow with every write, also over a delete',
    async run(test) {
      await using store = await test.open()
      const versions = [await store.put('k', 1), await store.put('other', 1), await store.put('k', 1)]
      await store.delete('k')
      versions.push(await store.put('k', 1))
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(versions).size, versions.length)
      assert.equal((await store.getEntry('k'))?.version, versions.at(-1))
    },
  },
  {
    name: 'compareAndSet() puts only over the version it was told',
    async run(test) {
      await using store = await test.open()
      const first = await store.compareAndSet('k', null, 'a')
      assert.ok(first !== undefined)
      assert.equal(await store.compareAndSet('k', null, 'b'), undefined)
      const second = await store.compareAndSet('k', first, 'b')
      assert.ok(second !== undefined && second > first)
      assert.equal(await store.compareAndSet('k', first, 'c'), undefined)
      await store.delete('k')
      assert.equal(await store.compareAndSet('k', second, 'd'), undefined)
      assert.equal(await store.get('k'), undefined)
    },
  },
  {
    name: 'of many compareAndSet() of one version exactly one wins',
    async run(test) {
      await using store = await test.open()
      const version = await store.put('k', 0)
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) => store.compareAndSet('k', version, index)),
      )
      assert.equal(results.filter((result) => result !== undefined).length, 1)
    },
  },
  {
    name: "batch() goes by the store's clock at the moment of the change, if told to",
    async run(test) {
      await using store = await test.open()
      const check = { beforeMs: (await store.now()) + test.shortTtlMs }
      const operations = [{ type: 'increment', key: 'sum' }] as const
      assert.equal((await store.batch(operations, { checks: [check] })).done, true)
      await test.elapse(test.shortTtlMs + 20)
      const there = { key: 'sum', version: (await store.getEntry('sum'))?.version ?? null }
      assert.deepEqual(await store.batch(operations, { checks: [there, check] }), { done: false, failed: check })
      assert.equal((await store.batch([], { checks: [{ beforeMs: (await store.now()) + 60_000 }] })).done, true)
      assert.equal(await store.get('sum'), 1)
      await assert.rejects(store.batch(operations, { checks: [{ beforeMs: Number.NaN }] }), RangeError)
    },
  },
  {
    name: 'increment() adds integers and floats, starting from nothing',
    async run(test) {
      await using store = await test.open()
      assert.equal(await store.increment('n'), 1)
      assert.equal(await store.increment('n', 5), 6)
      assert.equal(await store.increment('n', -10), -4)
      assert.equal(await store.increment('n', 0.1), -3.9)
      assert.equal(await store.increment('f', 0.1), 0.1)
      assert.equal(await store.increment('f', 0.2), 0.1 + 0.2)
      assert.equal(await store.increment('f', 1e300), 1e300)
      assert.equal(await store.get('n'), -3.9)
      await store.put('p', 1.5)
      assert.equal(await store.increment('p', 2), 3.5)
    },
  },
  {
    name: 'increment() refuses what is no number and what is not exact, and changes nothing',
    async run(test) {
      await using store = await test.open()
      for (const value of ['1', null, true, [1], { n: 1 }, '0x10']) {
        await store.put('k', value)
        await assertRejectsWithCode(store.increment('k'), 'ERR_KV_NUMBER')
        assert.deepEqual(await store.get('k'), value)
      }
      await store.put('big', Number.MAX_SAFE_INTEGER)
      await assertRejectsWithCode(store.increment('big'), 'ERR_KV_NUMBER')
      await store.put('huge', 1.7e308)
      await assertRejectsWithCode(store.increment('huge', 1.7e308), 'ERR_KV_NUMBER')
      assert.equal(await store.get('big'), Number.MAX_SAFE_INTEGER)
      await assert.rejects(store.increment('k', Number.NaN), RangeError)
    },
  },
  ...([{}, { codec: 'msgpack' }, { encryption: { current: { id: 'k', key: new Uint8Array(32) } } }] as const).map(
    (options): StoreCheck => ({
      name: `increment() loses nothing among 50 at a time, on two handles (${Object.keys(options)[0] ?? 'plain'})`,
      shared: true,
      async run(test) {
        await using one = await test.open(options)
        await using two = await test.open(options)
        await one.put('n', 10)
        await Promise.all(Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? one : two).increment('n', 2)))
        assert.equal(await one.get('n'), 110)
      },
    }),
  ),
  {
    name: 'batch() does all of it, with one result per operation',
    async run(test) {
      await using store = await test.open()
      await store.put('gone', 1)
      const result = await store.batch([
        { type: 'put', key: 'a', value: 1 },
        { type: 'delete', key: 'gone' },
        { type: 'delete', key: 'never' },
        { type: 'increment', key: 'n', by: 2.5 },
        { type: 'touch', key: 'absent', ttlMs: 1000 },
      ])
      assert.ok(result.done)
      assert.deepEqual(result.results, [true, true, false, 2.5, false])
      assert.equal((await store.getEntry('a'))?.version, result.version)
      assert.equal(await store.exists('gone'), false)
    },
  },
  {
    name: 'batch() does nothing when a check fails, and says which',
    async run(test) {
      await using store = await test.open()
      const version = await store.put('a', 1)
      const failed = { key: 'b', version: 7 }
      const result = await store.batch(
        [
          { type: 'put', key: 'a', value: 2 },
          { type: 'increment', key: 'n' },
          { type: 'delete', key: 'a2' },
        ],
        { checks: [{ key: 'a', version }, failed] },
      )
      assert.deepEqual(result, { done: false, failed })
      assert.equal(await store.get('a'), 1)
      assert.equal(await store.get('n'), undefined)
      assert.ok(
        (await store.batch([{ type: 'put', key: 'a', value: 2 }], { checks: [{ key: 'b', version: null }] })).done,
      )
    },
  },
  {
    name: 'batch() does nothing when one of its operations cannot be done',
    async run(test) {
      await using store = await test.open()
      await store.put('text', 'x')
      await assertRejectsWithCode(
        store.batch([
          { type: 'put', key: 'a', value: 1 },
          { type: 'increment', key: 'text' },
          { type: 'put', key: 'b', value: 1 },
        ]),
        'ERR_KV_NUMBER',
      )
      await assert.rejects(
        store.batch([
          { type: 'put', key: 'a', value: 1 },
          { type: 'delete', key: 'a' },
        ]),
        TypeError,
      )
      assert.equal(await store.exists('a'), false)
      assert.equal(await store.exists('b'), false)
    },
  },
  {
    name: 'putMany() and getMany() take thousands, in their order',
    async run(test) {
      await using store = await test.open()
      const keys = Array.from({ length: 3000 }, (_, index) => `k${index}`)
      await store.putMany(keys.map((key, index) => [key, index] as const))
      const entries = await store.getMany([...keys.toReversed(), 'absent'])
      assert.deepEqual(
        entries.map((entry) => entry?.value),
        [...keys.keys()].toReversed().concat([undefined as never]),
      )
    },
  },
  {
    name: 'thousands of operations at a time are fine',
    async run(test) {
      await using store = await test.open()
      await Promise.all(Array.from({ length: 5000 }, (_, index) => store.put(`k${index}`, index)))
      const values = await Promise.all(Array.from({ length: 5000 }, (_, index) => store.get(`k${index}`)))
      assert.deepEqual(
        values,
        Array.from({ length: 5000 }, (_, index) => index),
      )
    },
  },
]
