import assert from 'node:assert/strict'
import { assertRejectsWithCode, collect } from './assertions.js'
import type { StoreCheck } from './suite.js'

export const lifecycleChecks: readonly StoreCheck[] = [
  {
    name: 'close() twice is fine, and every method of a closed store and its children throws',
    async run(test) {
      const store = await test.open()
      const child = store.child('c')
      await child.close()
      await store.put('k', 1)
      await store.close()
      await store.close()
      const uses = [
        store.get('k'),
        store.getEntry('k'),
        store.getMany(['k']),
        store.exists('k'),
        store.put('k', 1),
        store.putMany([['k', 1]]),
        store.putIfAbsent('k', 1),
        store.compareAndSet('k', null, 1),
        store.delete('k'),
        store.increment('n'),
        store.batch([{ type: 'delete', key: 'k' }]),
        collect(store.scan()),
        collect(store.range()),
        store.ttl('k'),
        store.touch('k', null),
        store.set('s').add('x'),
        store.set('s').has('x'),
        store.now(),
        child.get('k'),
      ]
      for (const use of uses) await assertRejectsWithCode(use, 'ERR_KV_CLOSED')
    },
  },
  {
    name: 'close() lets what is under way finish',
    async run(test) {
      const store = await test.open()
      const puts = Array.from({ length: 100 }, (_, index) => store.put(`k${index}`, index))
      await store.close()
      assert.equal((await Promise.all(puts)).length, 100)
    },
  },
  {
    name: 'what was put is there after the store was closed and opened again, and for other handles at once',
    shared: true,
    async run(test) {
      const first = await test.open()
      await first.put('k', { n: 1 })
      await using other = await test.open()
      assert.deepEqual(await other.get('k'), { n: 1 })
      await first.close()
      await using second = await test.open()
      assert.deepEqual(await second.get('k'), { n: 1 })
      assert.ok((await second.put('k', 2)) > 0)
    },
  },
  {
    name: 'an aborted signal keeps an operation from happening and is its error',
    async run(test) {
      await using store = await test.open()
      const signal = AbortSignal.abort(new Error('enough'))
      await assert.rejects(store.put('k', 1, { signal }), /enough/)
      await assert.rejects(store.get('k', { signal }), /enough/)
      assert.equal(await store.get('k'), undefined)
    },
  },
]
