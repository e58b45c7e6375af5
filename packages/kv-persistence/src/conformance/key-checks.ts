import assert from 'node:assert/strict'
import { keysOf } from './assertions.js'
import type { StoreCheck } from './suite.js'

export const keyChecks: readonly StoreCheck[] = [
  {
    name: 'segments never blur: ":" and "*" in one are not levels or patterns',
    async run(test) {
      await using store = await test.open()
      const keys = [
        ['a', 'b:c'],
        ['a:b', 'c'],
        ['a', 'b', 'c'],
        ['a*', 'b'],
        ['a?', '[b]'],
        ['a', '%3A'],
        ['a', ':'],
        ['a', ''],
      ]
      for (const [index, key] of keys.entries()) await store.put(key, index)
      for (const [index, key] of keys.entries()) assert.equal(await store.get(key), index, JSON.stringify(key))
      assert.deepEqual(await keysOf(store.scan(['a*'])), ['a%2A:b'])
      assert.equal((await keysOf(store.scan('a'))).length, 5)
    },
  },
  {
    name: 'a written key is a path: the same key as its segments, and as the key below a child',
    async run(test) {
      await using store = await test.open()
      await store.put('a:b:c', 1)
      assert.equal(await store.get(['a', 'b', 'c']), 1)
      assert.equal(await store.child('a').get('b:c'), 1)
      assert.equal(await store.child(['a', 'b']).get('c'), 1)
      assert.equal(await store.child('a').child('b').get('c'), 1)
      for await (const { key } of store.scan()) assert.equal(await store.get(key), 1)
    },
  },
  {
    name: '"ap" never sees "app", and a child sees nothing of its neighbours',
    async run(test) {
      await using store = await test.open()
      for (const key of ['ap', 'ap:1', 'ap:2:x', 'app', 'app:1', 'a:1', 'ap;1', 'ap!']) await store.put(key, key)
      assert.deepEqual(await keysOf(store.scan('ap')), ['ap:1', 'ap:2:x'])
      assert.deepEqual(await keysOf(store.scan('ap:')), ['ap:1', 'ap:2:x'])
      assert.deepEqual(await keysOf(store.child('ap').scan()), ['1', '2:x'])
      assert.deepEqual(await keysOf(store.child('ap').range()), ['1', '2:x'])
      assert.equal(await store.child('ap').get('p:1'), undefined)
    },
  },
  {
    name: 'handles of other prefixes see nothing of each other',
    shared: true,
    async run(test) {
      await using one = await test.open({ prefix: 'one' })
      await using only = await test.open({ prefix: 'on' })
      await one.put('k', 1)
      await one.increment('n')
      assert.equal(await only.get('k'), undefined)
      assert.deepEqual(await keysOf(only.scan()), [])
      assert.deepEqual(await keysOf(one.scan()), ['k', 'n'])
    },
  },
  {
    name: 'keys that cannot be meant are refused',
    async run(test) {
      await using store = await test.open()
      for (const key of ['', [], 'a\0', '\ud800', ['a', '\udfff']]) {
        await assert.rejects(store.put(key, 1), TypeError, JSON.stringify(key))
        await assert.rejects(store.get(key), TypeError, JSON.stringify(key))
      }
      await assert.rejects(store.put('x'.repeat(4097), 1), RangeError)
      await store.put('x'.repeat(4096), 1)
      assert.equal(await store.get('x'.repeat(4096)), 1)
      assert.throws(() => store.child(''), TypeError)
    },
  },
  {
    name: 'odd keys are kept apart',
    async run(test) {
      await using store = await test.open()
      const keys = [
        [' '],
        ['A'],
        ['a'],
        ['é'],
        ['e\u0301'],
        ['😀'],
        ['\uffff'],
        ['\n'],
        ['{x}'],
        ['__proto__'],
        ["'"],
        ['"'],
        ['\0'],
      ]
      for (const [index, key] of keys.entries()) await store.put(key, index)
      for (const [index, key] of keys.entries()) assert.equal(await store.get(key), index, JSON.stringify(key))
      assert.equal((await keysOf(store.scan())).length, keys.length)
    },
  },
]
