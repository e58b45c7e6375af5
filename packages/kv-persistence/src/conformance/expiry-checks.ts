import assert from 'node:assert/strict'
import { keysOf } from './assertions.js'
import type { StoreCheck } from './suite.js'

/** How long after its end a key may still be there: clocks have a grain. */
const GRAIN_MS = 20

export const expiryChecks: readonly StoreCheck[] = [
  {
    name: 'what has a ttl is gone after it, for every method, and what has none stays',
    async run(test) {
      await using store = await test.open()
      await store.put('k', 1, { ttlMs: test.shortTtlMs })
      await store.putIfAbsent('absent', 1, { ttlMs: test.shortTtlMs })
      await store.compareAndSet('cas', null, 1, { ttlMs: test.shortTtlMs })
      await store.putMany(
        [
          ['m1', 1],
          ['m2', 1],
        ],
        { ttlMs: test.shortTtlMs },
      )
      await store.increment('n', 5, { ttlMs: test.shortTtlMs })
      await store.batch([{ type: 'put', key: 'b', value: 1, ttlMs: test.shortTtlMs }])
      await store.put('stays', 1)
      assert.equal(await store.get('k'), 1)
      assert.equal((await keysOf(store.scan())).length, 8)
      await test.elapse(test.shortTtlMs + GRAIN_MS)
      for (const key of ['k', 'absent', 'cas', 'm1', 'm2', 'n', 'b']) {
        assert.equal(await store.get(key), undefined, key)
        assert.equal(await store.exists(key), false, key)
        assert.equal(await store.ttl(key), undefined, key)
      }
      assert.deepEqual(await keysOf(store.scan()), ['stays'])
      assert.equal(await store.delete('k'), false)
      assert.equal(await store.touch('m1', 1000), false)
      assert.equal(await store.increment('n', 1), 1)
      assert.notEqual(await store.putIfAbsent('absent', 2), undefined)
      assert.notEqual(await store.compareAndSet('cas', null, 2), undefined)
    },
  },
  {
    name: 'the default ttl holds for every put without one of its own, and null means for ever',
    async run(test) {
      await using store = await test.open({ defaultTtlMs: test.shortTtlMs })
      await store.put('k', 1)
      await store.increment('n')
      await store.set('s').add('x')
      await store.put('ever', 1, { ttlMs: null })
      await store.put('long', 1, { ttlMs: 100_000 })
      assert.equal(await store.ttl('ever'), Number.POSITIVE_INFINITY)
      await test.elapse(test.shortTtlMs + GRAIN_MS)
      assert.deepEqual(await keysOf(store.scan()), ['ever', 'long'])
    },
  },
  {
    name: 'without a default, what has no ttl stays',
    async run(test) {
      await using store = await test.open()
      await store.put('k', 1)
      assert.equal(await store.ttl('k'), Number.POSITIVE_INFINITY)
    },
  },
  {
    name: 'a ttl of 0, a negative or a broken one is refused everywhere',
    async run(test) {
      await using store = await test.open()
      for (const ttlMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        await assert.rejects(store.put('k', 1, { ttlMs }), RangeError)
        await assert.rejects(store.putIfAbsent('k', 1, { ttlMs }), RangeError)
        await assert.rejects(store.increment('k', 1, { ttlMs }), RangeError)
        await assert.rejects(store.touch('k', ttlMs), RangeError)
        await assert.rejects(store.batch([{ type: 'put', key: 'k', value: 1, ttlMs }]), RangeError)
      }
      assert.equal(await store.exists('k'), false)
    },
  },
  {
    name: 'ttl() tells what is left; touch() sets it and leaves value and version; a put starts over',
    async run(test) {
      await using store = await test.open()
      const version = await store.put('k', 'v', { ttlMs: 10_000 })
      const left = await store.ttl('k')
      assert.ok(left !== undefined && left > 5000 && left <= 10_000, `${left}`)
      assert.equal(await store.touch('k', 100_000), true)
      const more = await store.ttl('k')
      assert.ok(more !== undefined && more > 50_000 && more <= 100_000, `${more}`)
      assert.deepEqual(await store.getEntry('k'), { key: 'k', value: 'v', version })
      assert.equal(await store.touch('k', null), true)
      assert.equal(await store.ttl('k'), Number.POSITIVE_INFINITY)
      await store.touch('k', test.shortTtlMs)
      await store.put('k', 'w')
      await test.elapse(test.shortTtlMs + GRAIN_MS)
      assert.equal(await store.get('k'), 'w')
      assert.equal(await store.ttl('never'), undefined)
    },
  },
  {
    name: 'increment() keeps the end of an old key unless it is given a ttl',
    async run(test) {
      await using store = await test.open()
      await store.increment('n', 1, { ttlMs: 10_000 })
      await store.increment('n')
      const kept = await store.ttl('n')
      assert.ok(kept !== undefined && kept <= 10_000, `${kept}`)
      await store.increment('n', 1, { ttlMs: 100_000 })
      const renewed = await store.ttl('n')
      assert.ok(renewed !== undefined && renewed > 50_000, `${renewed}`)
      await store.increment('ever')
      await store.increment('ever')
      assert.equal(await store.ttl('ever'), Number.POSITIVE_INFINITY)
    },
  },
  {
    name: 'now() moves with the time',
    async run(test) {
      await using store = await test.open()
      const before = await store.now()
      await test.elapse(test.shortTtlMs + GRAIN_MS)
      const after = await store.now()
      assert.ok(after - before >= test.shortTtlMs && after - before < 60_000, `${after - before}`)
      assert.ok(Number.isInteger(after))
    },
  },
]
