import assert from 'node:assert/strict'
import { adler32 } from '../adler32.js'
import { noise, text } from './bodies.js'
import type { StoreCheck } from './suite.js'

export const listingChecks: readonly StoreCheck[] = [
  {
    name: 'stat() tells size, checksum and time of a stored key and undefined for another',
    async run(store) {
      await using archive = await store.open()
      assert.equal(await archive.stat('7'), undefined)
      const body = noise(12_345)
      const before = Date.now()
      await archive.put('7', body)
      const version = await archive.stat('7')
      assert.equal(version?.key, '7')
      assert.equal(version.size, 12_345)
      assert.equal(version.adler32, adler32(body))
      // A server has a clock of its own; an hour off is still a time in milliseconds and not in seconds.
      assert.ok(Math.abs(version.storedAt - before) < 3_600_000, `storedAt is ${version.storedAt}`)
      assert.equal(await archive.stat('8'), undefined)
    },
  },
  {
    name: 'stat() keeps telling the first put after later ones',
    async run(store) {
      await using archive = await store.open()
      await archive.put('7', text('a'))
      const first = await archive.stat('7')
      await archive.put('7', text('b'), { equivalent: () => true })
      assert.deepEqual(await archive.stat('7'), first)
    },
  },
  {
    name: 'listKeys() and listRuns() are empty before the first put',
    async run(store) {
      await using archive = await store.open()
      assert.deepEqual(await archive.listKeys(), [])
      assert.deepEqual(await archive.listRuns(), [])
    },
  },
  {
    name: 'listKeys() gives every key in code point order, listRuns() the run numbers in numeric order',
    async run(store) {
      await using archive = await store.open()
      for (const key of ['9', '10', '007', 'note', '0', '1e3', 'Note', '99999999999999999999']) {
        await archive.put(key, text(key))
      }
      const expected = ['0', '007', '10', '1e3', '9', '99999999999999999999', 'Note', 'note']
      assert.deepEqual(await archive.listKeys(), expected)
      assert.deepEqual(await archive.listRuns(), [0, 9, 10])
    },
  },
  {
    name: 'listKeys() gives many keys, each once',
    async run(store, { manyKeys = 200 }) {
      await using archive = await store.open()
      const runs = Array.from({ length: manyKeys }, (_, index) => 10_000 + index)
      const queue = runs.values()
      const putNext = async (): Promise<void> => {
        for (const run of queue) await archive.put(String(run), text(`run ${run}`))
      }
      await Promise.all([putNext(), putNext(), putNext(), putNext()])
      assert.deepEqual(await archive.listRuns(), runs)
      assert.equal((await archive.listKeys()).length, manyKeys)
    },
  },
  {
    name: 'a refused put leaves no key behind',
    async run(store) {
      await using archive = await store.open()
      await archive.put('7', text('a'))
      await assert.rejects(archive.put('7', text('b')))
      assert.deepEqual(await archive.listKeys(), ['7'])
    },
  },
]
