import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type JsonObject, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const text = (): string => readFileSync(file(), 'utf8')

type Anything = Record<string, unknown>

class Point {
  x = 1
}

function circle(): Anything {
  const inner: Anything = {}
  inner['back'] = inner
  return inner
}

const refused: { name: string; value: unknown; at: string; why: RegExp }[] = [
  { name: 'NaN', value: Number.NaN, at: '', why: /NaN/ },
  { name: 'Infinity', value: Number.POSITIVE_INFINITY, at: '', why: /Infinity/ },
  { name: '-Infinity', value: [1, Number.NEGATIVE_INFINITY], at: '/1', why: /-Infinity/ },
  { name: 'a lone high surrogate', value: 'a\ud800b', at: '', why: /surrogate/ },
  { name: 'a lone low surrogate', value: { s: '\udc00' }, at: '/s', why: /surrogate/ },
  { name: 'a key with a lone surrogate', value: { '\ud800': 1 }, at: '/\ud800', why: /key.*surrogate/ },
  { name: 'a Date', value: new Date(0), at: '', why: /Date/ },
  { name: 'a Map', value: { m: new Map([[1, 2]]) }, at: '/m', why: /Map/ },
  { name: 'a Set', value: new Set(), at: '', why: /Set/ },
  { name: 'a Buffer', value: Buffer.from('a'), at: '', why: /Buffer/ },
  { name: 'a RegExp', value: /x/, at: '', why: /RegExp/ },
  { name: 'an instance of a class', value: [new Point()], at: '/0', why: /Point/ },
  { name: 'undefined in an array', value: [1, undefined, 3], at: '/1', why: /undefined/ },
  { name: 'a hole in an array', value: new Array(2), at: '/0', why: /undefined/ },
  { name: 'a bigint', value: 10n, at: '', why: /bigint/ },
  { name: 'a function', value: { f: () => 1 }, at: '/f', why: /function/ },
  { name: 'a symbol', value: Symbol('s'), at: '', why: /symbol/ },
  { name: 'a symbol as key', value: { [Symbol('key')]: 1 }, at: '', why: /Symbol\(key\)/ },
  { name: 'an object in itself', value: circle(), at: '/back', why: /itself/ },
]

describe('values that would not read back as they are', () => {
  test.each(refused)('write() refuses $name, with its place', async ({ value, at, why }) => {
    await using store = new TxnStore<Anything>(file())
    await expect(store.write({ 'a/b': { deep: value } })).rejects.toMatchObject({
      code: 'ERR_STATE_VALIDATION',
      issues: expect.arrayContaining([{ path: `/a~1b/deep${at}`, message: expect.stringMatching(why) }]),
    })
    expect(existsSync(file())).toBe(false)
  })

  test.each(refused)('transaction() refuses $name set in the draft, with its place', async ({ value, at, why }) => {
    await using store = new TxnStore<Anything>(file())
    await store.write({ 'a/b': {} })
    const before = text()
    const refusal = store.transaction((txn) => {
      ;(txn.data['a/b'] as Anything)['deep'] = value
    })
    await expect(refusal).rejects.toMatchObject({
      code: 'ERR_STATE_VALIDATION',
      issues: expect.arrayContaining([{ path: `/a~1b/deep${at}`, message: expect.stringMatching(why) }]),
    })
    expect(text()).toBe(before)
  })

  test('write() lists all of them, not the first only', async () => {
    await using store = new TxnStore<Anything>(file())
    const write = store.write({ a: Number.NaN, b: [new Date(0), { c: undefined, d: 1n }], e: 1 })
    await expect(write).rejects.toMatchObject({ issues: [{ path: '/a' }, { path: '/b/0' }, { path: '/b/1/d' }] })
  })

  test('an item pushed to an array of the draft is told with its index', async () => {
    await using store = new TxnStore<{ items: unknown[] }>(file())
    await store.write({ items: [1, 2] })
    const refusal = store.transaction((txn) => {
      txn.data.items.push(undefined)
    })
    await expect(refusal).rejects.toMatchObject({ issues: [{ path: '/items/2' }] })
  })

  test('nesting beyond all measure is refused, not a crash', async () => {
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level += 1) deep = [deep]
    await using store = new TxnStore<Anything>(file())
    await expect(store.write({ deep })).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION' })
  })
})

describe('values that read back as they are', () => {
  test.each<{ name: string; value: unknown }>([
    { name: 'text of all kinds', value: ['', 'é', '漢', '😀', '\u0000', '\u2028', '"\\\n\t', '\uffff'] },
    {
      name: 'numbers at the edges',
      value: [0, 1.5, -1e-7, 1e21, 5e-324, Number.MAX_VALUE, Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER],
    },
    { name: 'empty things', value: [[], {}, '', null, false, 0] },
    { name: 'keys like those of Object', value: JSON.parse('{"__proto__":{"x":1},"constructor":2,"toString":3}') },
    { name: 'keys with slashes, tildes and nothing', value: { '': 1, 'a/b': 2, '~0': 3, '😀': 4 } },
    { name: 'one object in two places', value: ((shared) => [shared, shared])({ x: 1 }) },
    { name: 'an object without a prototype', value: [Object.assign(Object.create(null) as Anything, { a: 1 })] },
  ])('$name', async ({ value }) => {
    const store = new TxnStore<Anything>(file())
    await store.write({ value })
    await store.transaction((txn) => {
      txn.data['copy'] = value
    })
    await store.close()
    const plain: unknown = JSON.parse(JSON.stringify(value))
    await using again = new TxnStore<Anything>(file())
    expect(JSON.stringify(await again.read())).toBe(JSON.stringify({ value: plain, copy: plain }))
  })

  test('a property that is undefined is absent, and -0 is 0', async () => {
    await using store = new TxnStore<Anything>(file())
    await store.write({ a: undefined, b: -0, c: 1 })
    expect(text()).toBe('{\n  "b": 0,\n  "c": 1\n}')
    await store.transaction((txn) => {
      txn.data['c'] = undefined
      txn.data['d'] = undefined
    })
    expect(text()).toBe('{\n  "b": 0\n}')
  })

  test('the document owes nothing to the objects it was given', async () => {
    await using store = new TxnStore<Anything>(file())
    const inner = { n: 1 }
    await store.write({ inner })
    inner.n = 2
    await store.transaction((txn) => {
      txn.data['other'] = inner
    })
    inner.n = 3
    expect(await store.read()).toEqual({ inner: { n: 1 }, other: { n: 2 } })
    expect(Object.isFrozen(inner)).toBe(false)
  })

  test('what read() gave is frozen all through, and stays as it is', async () => {
    await using store = new TxnStore<{ a: { b: number[] } }>(file())
    await store.write({ a: { b: [1] } })
    const state = await store.read()
    expect(() => (state.a.b as number[]).push(2)).toThrow(TypeError)
    await store.transaction((txn) => {
      txn.data.a.b.push(3)
    })
    expect(state).toEqual({ a: { b: [1] } })
    expect(await store.read()).toEqual({ a: { b: [1, 3] } })
  })
})

describe('the text of the document', () => {
  test('indent 2, keys in their order, non-ASCII raw, no final newline', async () => {
    await using store = new TxnStore<JsonObject>(file())
    await store.write({ zebra: 'ä漢😀', apple: [1, { b: [], a: {} }], Mango: null })
    expect(text()).toBe(
      '{\n  "zebra": "ä漢😀",\n  "apple": [\n    1,\n    {\n      "b": [],\n      "a": {}\n    }\n  ],\n  "Mango": null\n}',
    )
  })

  test('keys keep their order through transactions, and new ones come last', async () => {
    await using store = new TxnStore<JsonObject>(file())
    await store.write({ z: 1, a: 1, m: { y: 1, b: 1 } })
    await store.transaction((txn) => {
      txn.data['a'] = 2
      ;(txn.data['m'] as JsonObject)['a'] = 1
      txn.data['c'] = 1
    })
    expect(Object.keys(JSON.parse(text()) as object)).toEqual(['z', 'a', 'm', 'c'])
    expect(Object.keys((JSON.parse(text()) as { m: object }).m)).toEqual(['y', 'b', 'a'])
  })

  test('keys like array indices come first in numeric order, as documented', async () => {
    await using store = new TxnStore<JsonObject>(file())
    await store.write({ b: 1, 10: 1, 2: 1, '01': 1, a: 1 })
    expect(Object.keys(JSON.parse(text()) as object)).toEqual(['2', '10', 'b', '01', 'a'])
    expect(text().indexOf('"2"')).toBeLessThan(text().indexOf('"10"'))
  })

  test('sortKeys writes keys by code point at every level', async () => {
    await using store = new TxnStore<JsonObject>(file(), { sortKeys: true })
    await store.write({ '\uffff': 1, '😀': 1, b: { d: 1, c: 1 }, B: 1, 10: 1, 2: 1 })
    expect([...text().matchAll(/"(.+)":/g)].map(([, key]) => key)).toEqual([
      '10',
      '2',
      'B',
      'b',
      'c',
      'd',
      '\uffff',
      '😀',
    ])
  })

  test('is the same as that of JSON.stringify, however the document came to be', async () => {
    const rows = Array.from({ length: 300 }, (_, row) => ({
      id: `row ${row}`,
      values: [row, row / 7, null],
      note: 'ü',
    }))
    await using store = new TxnStore<{ rows: JsonObject[]; n?: number }>(file())
    await store.write({ rows })
    for (const row of [0, 17, 299])
      await store.transaction((txn) => {
        Object.assign(txn.data.rows[row] ?? {}, { id: `changed ${row}` })
        txn.data.n = row
      })
    await store.transaction((txn) => {
      txn.data.rows.splice(5, 2, { moved: txn.data.rows[7] ?? null })
    })
    expect(text()).toBe(JSON.stringify(await store.read(), null, 2))
    expect((await store.read()).rows).toHaveLength(299)
  })
})

describe('read()', () => {
  test('gives {} for a missing file, and makes nothing', async () => {
    await using store = new TxnStore<JsonObject>(file())
    expect(await store.read()).toEqual({})
    expect(existsSync(file()) || existsSync(`${file()}.lock`) || existsSync(join(dir(), '.pipeline'))).toBe(false)
  })

  test.each<{ name: string; content: string | Buffer; reason: RegExp }>([
    { name: 'an empty file', content: '', reason: /empty/ },
    { name: 'blanks', content: ' \n ', reason: /empty/ },
    { name: 'half a document', content: '{"n": 1', reason: /not JSON/ },
    { name: 'two documents', content: '{}{}', reason: /not JSON/ },
    { name: 'NaN', content: '{"n": NaN}', reason: /not JSON/ },
    {
      name: 'bytes that are not UTF-8',
      content: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
      reason: /UTF-8/,
    },
    { name: 'an array', content: '[1]', reason: /top level/ },
    { name: 'null', content: 'null', reason: /top level/ },
    { name: 'a text', content: '"x"', reason: /top level/ },
    { name: 'an integer that loses digits', content: '{"a":[{"id": 12345678901234567891}]}', reason: /\/a\/0\/id/ },
    { name: 'a number beyond all', content: '{"a":1e999}', reason: /1e999/ },
  ])('refuses $name, says what and where, and changes nothing', async ({ content, reason }) => {
    writeFileSync(file(), content)
    await using store = new TxnStore<JsonObject>(file())
    const error = { name: 'StateReadError', code: 'ERR_STATE_READ', path: file(), hint: expect.any(String) }
    await expect(store.read()).rejects.toMatchObject({ ...error, message: expect.stringMatching(reason) })
    await expect(store.transaction(() => 1)).rejects.toMatchObject(error)
    expect(readFileSync(file())).toEqual(Buffer.from(content))
  })

  test('takes integers of many digits that lose none', async () => {
    writeFileSync(file(), '{"a":9007199254740992,"b":100000000000000000000,"c":0.1234567890123456789}')
    await using store = new TxnStore<JsonObject>(file())
    expect(await store.read()).toEqual({ a: 2 ** 53, b: 1e20, c: Number('0.1234567890123456789') })
  })

  test('a folder in the place of the document is a StateReadError', async () => {
    await using store = new TxnStore<JsonObject>(dir())
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
  })
})

describe('write() on a damaged document', () => {
  test.each<{ name: string; content: Buffer }>([
    { name: 'half a document', content: Buffer.from('{"n": 1') },
    { name: 'an empty file', content: Buffer.from('') },
    { name: 'a wrong top level', content: Buffer.from('[]') },
    { name: 'bytes that are not UTF-8', content: Buffer.from([0x7b, 0xff]) },
  ])('replaces $name, which is set aside byte for byte, and leaves a history that is whole', async ({ content }) => {
    await using store = new TxnStore<JsonObject>(file(), {}, { now: () => Date.UTC(2026, 2, 1, 8) })
    await store.write({ n: 1 })
    writeFileSync(file(), content)
    await store.write({ n: 2 })
    expect(await store.read()).toEqual({ n: 2 })
    expect(readFileSync(`${file()}.corrupt-20260301T080000000Z`)).toEqual(content)
    expect(await store.listBackups()).toEqual([])
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('transaction() with seedData does the same', async () => {
    writeFileSync(file(), '{')
    await using store = new TxnStore<JsonObject>(file())
    await store.transaction(
      (txn) => {
        txn.data['b'] = 2
      },
      { seedData: { a: 1 } },
    )
    expect(await store.read()).toEqual({ a: 1, b: 2 })
  })

  test('a write that is refused leaves the damaged document where it is', async () => {
    writeFileSync(file(), '{')
    await using store = new TxnStore<Anything>(file())
    await expect(store.write({ n: Number.NaN })).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION' })
    expect(text()).toBe('{')
  })
})
