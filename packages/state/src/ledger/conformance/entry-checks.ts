import assert from 'node:assert/strict'
import type { JsonObject } from '@holdfast/txn-store'
import type { LedgerMap } from '../entry.js'
import type { LedgerChange, LedgerStorage } from '../storage.js'
import type { LedgerCheckCase } from './suite.js'

export const entryChecks: readonly LedgerCheckCase[] = [
  {
    name: 'a ledger that nobody wrote is empty and of the current version',
    async run(context) {
      const storage = await context.open()
      assert.equal(typeof storage.path, 'string')
      assert.equal(typeof storage.kind, 'string')
      assert.deepEqual(await contentOf(storage), { processed: [], failed: [] })
      assert.deepEqual(await storage.read((view) => view.rest), { version: 2 })
      assert.equal(await storage.read((view) => view.get('processed', 'nobody')), undefined)
      assert.deepEqual(await storage.read((view) => view.findByInfohash('aa')), [])
    },
  },
  {
    name: 'every value comes back as it was, in both maps',
    async run(context) {
      const storage = await context.open()
      for (const map of ['processed', 'failed'] as const) await context.change(storage, () => [put(map, 'id', VALUES)])
      for (const opened of [storage, await context.open()]) {
        for (const map of ['processed', 'failed'] as const) {
          assert.deepEqual(await opened.read((view) => view.get(map, 'id')), VALUES, `${map} entry`)
        }
      }
    },
  },
  {
    name: 'ids of any text are kept apart, and entries come in the order of their code points',
    async run(context) {
      const storage = await context.open()
      await context.change(storage, () => IDS.map((id) => put('processed', id, { title: id })))
      const ordered = IDS.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      for (const opened of [storage, await context.open()]) {
        const { processed, failed } = await contentOf(opened)
        assert.deepEqual(
          processed,
          ordered.map((id) => [id, { title: id }]),
        )
        assert.deepEqual(failed, [])
        for (const id of IDS)
          assert.deepEqual(await opened.read((view) => view.get('processed', id)), { title: id }, id)
        assert.equal(await opened.read((view) => view.get('processed', 'toString')), undefined)
      }
    },
  },
  {
    name: 'a commit may add, replace and remove in both maps at once',
    async run(context) {
      const storage = await context.open()
      await context.change(storage, () => [
        put('processed', 'a', { n: 1 }),
        put('failed', 'a', { n: 2 }),
        put('failed', 'b', {}),
      ])
      await context.change(storage, () => [
        put('processed', 'a', { m: 3 }),
        { map: 'failed', id: 'a', entry: undefined },
        { map: 'failed', id: 'not there', entry: undefined },
        put('processed', 'c', { n: 4 }),
      ])
      const expected = {
        processed: [
          ['a', { m: 3 }],
          ['c', { n: 4 }],
        ],
        failed: [['b', {}]],
      }
      assert.deepEqual(await contentOf(storage), expected)
      assert.deepEqual(await contentOf(await context.open()), expected)
      assert.equal(await storage.read((view) => view.count('processed')), 2)
      assert.equal(await storage.read((view) => view.count('failed')), 1)
    },
  },
  {
    name: 'findByInfohash() finds what is processed, and follows every change',
    async run(context) {
      const storage = await context.open()
      const find = (infohash: string): Promise<string[]> => storage.read((view) => view.findByInfohash(infohash))
      await context.change(storage, () => [
        put('processed', 'z', { infohash: 'aa' }),
        put('processed', 'b', { infohash: 'aa' }),
        put('processed', 'none', { infohash: null }),
        put('failed', 'f', { infohash: 'aa' }),
      ])
      assert.deepEqual(await find('aa'), ['b', 'z'])
      await context.change(storage, () => [
        put('processed', 'b', { infohash: 'bb' }),
        { map: 'processed', id: 'z', entry: undefined },
      ])
      assert.deepEqual([await find('aa'), await find('bb'), await find('')], [[], ['b'], []])
    },
  },
  {
    name: 'entries() may be left early and gone through inside itself',
    async run(context) {
      const storage = await context.open()
      await context.change(storage, () => ['a', 'b', 'c'].map((id) => put('processed', id, {})))
      const pairs = await storage.read((view) => {
        for (const [id] of view.entries('processed')) if (id === 'b') break
        const found: string[] = []
        for (const [outer] of view.entries('processed')) {
          for (const [inner] of view.entries('processed')) found.push(outer + inner)
        }
        return found
      })
      assert.deepEqual(pairs, ['aa', 'ab', 'ac', 'ba', 'bb', 'bc', 'ca', 'cb', 'cc'])
      await context.change(storage, () => [put('processed', 'd', {})])
    },
  },
  {
    name: 'what was committed is there after close() and reopening; close() twice is fine',
    async run(context) {
      for (let n = 1; n <= 3; n += 1) {
        const storage = await context.open()
        await context.change(storage, () => [put('processed', `id${n}`, { n })])
        await storage.close()
        await storage.close()
      }
      assert.equal(await (await context.open()).read((view) => view.count('processed')), 3)
    },
  },
]

export function put(map: LedgerMap, id: string, entry: JsonObject): LedgerChange {
  return { map, id, entry }
}

export async function contentOf(storage: LedgerStorage): Promise<Record<LedgerMap, unknown[]>> {
  return storage.read((view) => ({
    processed: [...view.entries('processed')].map(([id, entry]) => [id, { ...entry }]),
    failed: [...view.entries('failed')].map(([id, entry]) => [id, { ...entry }]),
  }))
}

const VALUES: JsonObject = {
  text: 'ASCII, ünïcode, 漢字, \u{1f600}, "quotes", \\ and \n\t\u0000\u2028',
  empty: '',
  numbers: [0, -1, 1.5, 1e-7, 9_007_199_254_740_991, 123_456_789_012],
  nothing: null,
  flags: [true, false],
  nested: { deep: [{ deeper: { list: [[], [[]], {}] } }] },
  unknown_field: { of: 'another program' },
}

const IDS: readonly string[] = [
  ...['B0EXAMPLE1', '1234567890', '9', '10', '/srv/library/A Folder', 'None', '__proto__', 'constructor', 'a/b~c', '%'],
  ...['\uffee', '\u{1f600}', 'é', 'e\u0301', ' ', '"', 'length'],
]
