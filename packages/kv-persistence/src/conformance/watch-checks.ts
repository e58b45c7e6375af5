import assert from 'node:assert/strict'
import type { KvStore } from '../store/kv-store.js'
import type { StoreCheck } from './suite.js'

async function next<T>(states: AsyncIterator<T>): Promise<T> {
  const { value, done } = await states.next()
  assert.notEqual(done, true, 'The watch ended')
  return value
}

async function watchesChanges(watcher: KvStore, writer: KvStore): Promise<void> {
  const states = watcher.watch('k')
  assert.equal(await next(states), undefined)
  await writer.put('k', 1)
  assert.equal((await next(states))?.value, 1)
  await writer.put('other', 1)
  await writer.put('k', 2)
  assert.equal((await next(states))?.value, 2)
  await writer.delete('k')
  assert.equal(await next(states), undefined)
  await states.return?.()
}

export const watchChecks: readonly StoreCheck[] = [
  {
    name: 'watch() gives the state now and after each change',
    async run(test) {
      await using store = await test.open()
      await watchesChanges(store, store)
    },
  },
  {
    name: 'watch() sees what another handle changes',
    shared: true,
    async run(test) {
      await using one = await test.open()
      await using two = await test.open()
      await watchesChanges(one, two)
    },
  },
  {
    name: 'watch() sees that a key expires',
    async run(test) {
      await using store = await test.open()
      await store.put('k', 1, { ttlMs: test.shortTtlMs })
      const states = store.watch('k')
      assert.equal((await next(states))?.value, 1)
      await test.elapse(test.shortTtlMs + 20)
      assert.equal(await next(states), undefined)
      await states.return?.()
    },
  },
  {
    name: 'watch() ends when it is called off and when the store is closed',
    async run(test) {
      await using store = await test.open()
      const controller = new AbortController()
      const called = store.watch('k', { signal: controller.signal })
      await called.next()
      const off = called.next()
      controller.abort()
      assert.equal((await off).done, true)
      const states = store.watch('k')
      await states.next()
      const end = states.next()
      await store.close()
      assert.equal((await end).done, true)
    },
  },
]
