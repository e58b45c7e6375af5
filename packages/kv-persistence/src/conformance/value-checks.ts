import assert from 'node:assert/strict'
import { assertRejectsWithCode } from './assertions.js'
import type { StoreCheck } from './suite.js'

const PLAIN = [
  null,
  true,
  false,
  0,
  -1,
  0.1,
  1e21,
  Number.MAX_SAFE_INTEGER,
  '',
  'é 😀 \u0000',
  [],
  {},
  [1, [null]],
  { a: { b: [1] } },
]
const RICH = [
  new Date(1_700_000_000_123),
  new Date(-5),
  new Map<unknown, unknown>([
    ['a', 1],
    [2, new Set([1, 'x'])],
    [{ k: 1 }, null],
  ]),
  new Set([1n, 'b']),
  12_345_678_901_234_567_890n,
  -1n,
  Uint8Array.of(0, 255, 10),
  Number.NaN,
  Number.NEGATIVE_INFINITY,
]

export const valueChecks: readonly StoreCheck[] = [
  {
    name: 'get() of an absent key is undefined, and of a stored null null',
    async run(test) {
      await using store = await test.open()
      assert.equal(await store.get('k'), undefined)
      assert.equal(await store.exists('k'), false)
      await store.put('k', null)
      assert.equal(await store.get('k'), null)
      assert.equal(await store.exists('k'), true)
    },
  },
  ...(['json', 'msgpack'] as const).map(
    (codec): StoreCheck => ({
      name: `values come back as they were put (${codec})`,
      async run(test) {
        await using store = await test.open({ codec })
        const values: readonly unknown[] =
          codec === 'json' ? PLAIN : [...PLAIN, ...RICH, { deep: [new Map([['d', new Date(7)]])] }]
        for (const [index, value] of values.entries()) await store.put(`k${index}`, value)
        const entries = await store.getMany(values.map((_, index) => `k${index}`))
        assert.deepEqual(
          entries.map((entry) => entry?.value),
          values,
        )
      },
    }),
  ),
  {
    name: 'a value that would not survive its codec is refused with its place, and nothing is written',
    async run(test) {
      await using store = await test.open()
      const circular: { self?: unknown } = {}
      circular.self = circular
      const rows: readonly (readonly [unknown, RegExp])[] = [
        [undefined, /\$ /],
        [{ a: [1, undefined] }, /\$\.a\[1\] /],
        [{ when: new Date(0) }, /\$\.when /],
        [{ 'a b': 1n }, /\$\["a b"\] /],
        [[Number.NaN], /\$\[0\] /],
        [{ f: () => 1 }, /\$\.f /],
        [new Map(), /\$ /],
        [
          new (class Point {
            x = 1
          })(),
          /\$ /,
        ],
        // biome-ignore lint/suspicious/noSparseArray: a hole is what it tests
        [[1, , 2], /\$\[1\] /],
        [circular, /circular/],
        [{ [Symbol('s')]: 1 }, /\$ /],
      ]
      for (const [value, place] of rows) {
        await assert.rejects(store.put('k', value), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ERR_KV_VALUE')
          assert.match(error.message, place)
          return true
        })
      }
      await assertRejectsWithCode(
        store.putMany([
          ['a', 1],
          ['b', undefined],
        ]),
        'ERR_KV_VALUE',
      )
      assert.equal(await store.exists('k'), false)
      assert.equal(await store.exists('a'), false)
    },
  },
  {
    name: 'a value is the one at the call, whatever happens to the object afterwards, and each get() gives its own',
    async run(test) {
      await using store = await test.open()
      const value = { list: [1] }
      const putting = store.put('k', value)
      value.list.push(2)
      await putting
      const first = await store.get<{ list: number[] }>('k')
      first?.list.push(3)
      assert.deepEqual(await store.get('k'), { list: [1] })
    },
  },
  {
    name: 'codec, compression and encryption can change: what was written before can be read',
    shared: true,
    async run(test) {
      const value = { text: 'x'.repeat(5000), n: [1, 2, 3] }
      const old = { id: 'old', key: new Uint8Array(32).fill(1) }
      const current = { id: 'new', key: new Uint8Array(32).fill(2) }
      const variants = [
        {},
        { codec: 'msgpack' },
        { compressFromBytes: 100 },
        { codec: 'msgpack', compressFromBytes: 100 },
        { encryption: { current: old } },
        { codec: 'msgpack', compressFromBytes: 100, encryption: { current: old } },
      ] as const
      for (const [index, options] of variants.entries()) {
        await using store = await test.open(options)
        await store.put(`k${index}`, value)
        assert.deepEqual(await store.get(`k${index}`), value)
      }
      await using reader = await test.open({ encryption: { current, previous: [old] } })
      for (const index of variants.keys()) assert.deepEqual(await reader.get(`k${index}`), value, `variant ${index}`)
    },
  },
  {
    name: 'an encrypted value cannot be read without its key',
    shared: true,
    async run(test) {
      await using writer = await test.open({ encryption: { current: { id: 'a', key: new Uint8Array(32).fill(1) } } })
      await writer.put('k', 'hush')
      await using blind = await test.open()
      await assertRejectsWithCode(blind.get('k'), 'ERR_KV_DECODE')
      await using wrong = await test.open({ encryption: { current: { id: 'a', key: new Uint8Array(32).fill(9) } } })
      await assertRejectsWithCode(wrong.get('k'), 'ERR_KV_DECODE')
    },
  },
  {
    name: 'a value above maxValueBytes is refused, one of 1 MiB is kept whole',
    async run(test) {
      await using store = await test.open({ maxValueBytes: 1 << 21 })
      const large = 'é'.repeat(1 << 19)
      await store.put('k', large)
      assert.equal(await store.get('k'), large)
      await assertRejectsWithCode(store.put('k', 'x'.repeat(1 << 21)), 'ERR_KV_VALUE')
      assert.equal(await store.get('k'), large)
    },
  },
]
