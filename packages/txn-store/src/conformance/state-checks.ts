import assert from 'node:assert/strict'
import type { JsonObject } from '../json.js'
import { change, commitOf, increment, inTurn } from './commits.js'
import type { StorageCheck } from './suite.js'

export const stateChecks: readonly StorageCheck[] = [
  {
    name: 'a document that nobody wrote is {}, does not exist and has no history',
    async run(context) {
      const storage = await context.open()
      assert.equal(typeof storage.path, 'string')
      assert.deepEqual(await storage.read(), { data: {}, exists: false })
      await inTurn(storage, async (session) => assert.deepEqual(await session.read(), { data: {}, exists: false }))
      assert.deepEqual(await storage.history(10), [])
      assert.deepEqual(await (await context.open()).read(), { data: {}, exists: false })
    },
  },
  {
    name: 'commit() is what every storage and session reads from then on',
    async run(context) {
      const storages = [await context.open(), await context.open(), await context.open()]
      for (let n = 1; n <= 6; n += 1) {
        const writer = storages[n % storages.length] ?? (await context.open())
        await change(writer, ({ data }) => ({ ...data, n, [`k${n}`]: [n] }))
        for (const [index, storage] of storages.entries()) {
          const { data, exists } = await storage.read()
          assert.deepEqual(
            [data['n'], data[`k${n}`], exists],
            [n, [n], true],
            `read() of storage ${index}, commit ${n}`,
          )
          await inTurn(storage, async (session) => {
            assert.equal((await session.read()).data['n'], n, `read() in a session of storage ${index}, commit ${n}`)
          })
        }
      }
    },
  },
  {
    name: 'commit() is kept the moment it resolves, before release() and close()',
    async run(context) {
      const storage = await context.open()
      await inTurn(storage, async (session) => {
        await session.read()
        await session.commit(commitOf({}, [{ n: 1 }]))
        assert.deepEqual(await (await context.open()).read(), { data: { n: 1 }, exists: true })
      })
    },
  },
  {
    name: 'every commit survives close() and reopening, the newest too',
    async run(context) {
      for (let n = 1; n <= 4; n += 1) {
        const storage = await context.open()
        assert.deepEqual((await storage.read()).data, n === 1 ? {} : { n: n - 1 })
        await increment(storage)
        await storage.close()
      }
      assert.deepEqual(await (await context.open()).read(), { data: { n: 4 }, exists: true })
    },
  },
  {
    name: 'a document comes back as it was committed',
    async run(context) {
      const storage = await context.open()
      for (const [name, data] of DOCUMENTS) {
        await change(storage, () => data)
        assert.deepEqual(await storage.read(), { data, exists: true }, name)
        assert.deepEqual(await (await context.open()).read(), { data, exists: true }, `${name}, reopened`)
      }
    },
  },
  {
    name: 'a state that was read stays what it was, whatever is committed later',
    async run(context) {
      const storage = await context.open()
      await change(storage, () => ({ list: [1], deep: { n: 1 } }))
      const read = await storage.read()
      const inSession = await inTurn(storage, (session) => session.read())
      const expected = structuredClone(read.data)
      await change(storage, () => ({ list: [1, 2], deep: { n: 2 }, more: true }))
      await change(await context.open(), () => ({}))
      await storage.read()
      assert.deepEqual(read.data, expected)
      assert.deepEqual(inSession.data, expected)
    },
  },
  {
    name: 'read() and history() wait for no session',
    async run(context) {
      const storage = await context.open()
      const other = await context.open()
      await increment(storage)
      await inTurn(storage, async (session) => {
        await session.read()
        for (const reader of [storage, other]) {
          const { data } = await context.within('read() while a session is held', reader.read())
          assert.deepEqual(data, { n: 1 })
          assert.equal((await context.within('history() while a session is held', reader.history(1))).length, 1)
        }
      })
    },
  },
  {
    name: 'readers see the entries of one commit together or not at all',
    async run(context) {
      const [writer, reader] = [await context.open(), await context.open()]
      let isOver = false
      const reading = (async () => {
        let reads = 0
        for (; !isOver; reads += 1) {
          const { a = 0, b = 0, c = 0 } = (await reader.read()).data
          assert.deepEqual([b, c], [a, a], 'A reader saw a part of a commit')
          await new Promise((resolve) => setImmediate(resolve))
        }
        return reads
      })()
      // Handled below; the writer goes on until it is done.
      reading.catch(() => undefined)
      try {
        for (let n = 1; n <= 20; n += 1) {
          await inTurn(writer, async (session) => {
            const { data } = await session.read()
            await session.commit(
              commitOf(data, [
                { ...data, a: n },
                { ...data, a: n, b: n },
                { a: n, b: n, c: n },
              ]),
            )
          })
        }
      } finally {
        isOver = true
      }
      assert.ok((await reading) > 0)
      assert.deepEqual((await reader.read()).data, { a: 20, b: 20, c: 20 })
    },
  },
  {
    name: 'close() keeps everything, and a second one does nothing',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      await increment(storage)
      await storage.close()
      await storage.close()
      await increment(other)
      assert.deepEqual((await other.read()).data, { n: 2 })
    },
  },
]

const TRICKY_KEYS: JsonObject = JSON.parse('{"__proto__": {"a": 1}, "constructor": 2, "toString": null}')

const DOCUMENTS: readonly (readonly [name: string, data: JsonObject])[] = [
  ['every kind of value', { n: null, t: true, f: false, s: 'x', list: [1, [null, {}], []], object: { empty: {} } }],
  ['numbers', { list: [0, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, 2 ** 53 - 1] }],
  ['text', { list: ['', 'é 😀 \u0000 \u2028 "\\/', '\n\t', "'; DROP TABLE document; --"] }],
  ['keys', { '': 1, ' ': 2, 'a/b~c': 3, ünï: 4, '0': 5, '$.a': 6, 'a.b': 7 }],
  ['keys that objects have by themselves', TRICKY_KEYS],
  ['a deep document', JSON.parse(`${'{"a":['.repeat(100)}${']}'.repeat(100)}`) as JsonObject],
  ['many keys', Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`key ${index}`, index]))],
  ['a long text', { text: 'é'.repeat(500_000) }],
  ['an emptied document', {}],
]
