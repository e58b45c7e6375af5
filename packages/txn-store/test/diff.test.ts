import { describe, expect, test } from 'vitest'
import { diff } from '../src/diff.js'
import type { JsonObject, JsonValue } from '../src/json.js'
import { applyPatch, type JsonPatchOperation } from '../src/json-patch.js'

interface Row {
  readonly title: string
  readonly before: JsonValue
  readonly after: JsonValue
  readonly patch: JsonPatchOperation[]
}

describe('diff() finds', () => {
  test.each<Row>([
    { title: 'nothing between equal documents', before: { a: [{ b: 1 }] }, after: { a: [{ b: 1 }] }, patch: [] },
    {
      title: 'nothing when only keys are in another order',
      before: { a: 1, b: [{ c: 1, d: 2 }] },
      after: { b: [{ d: 2, c: 1 }], a: 1 },
      patch: [],
    },
    {
      title: 'a changed value',
      before: { a: 1, b: 2 },
      after: { a: 1, b: 3 },
      patch: [{ op: 'replace', path: '/b', value: 3 }],
    },
    {
      title: 'an added and a removed key',
      before: { a: 1, b: 2 },
      after: { b: 2, c: 3 },
      patch: [
        { op: 'remove', path: '/a' },
        { op: 'add', path: '/c', value: 3 },
      ],
    },
    {
      title: 'a change deep inside',
      before: { a: { b: { c: 1 } } },
      after: { a: { b: { c: 2 } } },
      patch: [{ op: 'replace', path: '/a/b/c', value: 2 }],
    },
    {
      title: 'another kind of value',
      before: { a: { b: 1 } },
      after: { a: [1] },
      patch: [{ op: 'replace', path: '/a', value: [1] }],
    },
    { title: 'null against a missing key', before: { a: null }, after: {}, patch: [{ op: 'remove', path: '/a' }] },
    {
      title: 'an object against null',
      before: { a: {} },
      after: { a: null },
      patch: [{ op: 'replace', path: '/a', value: null }],
    },
    { title: 'another document', before: 1, after: 'x', patch: [{ op: 'replace', path: '', value: 'x' }] },
    {
      title: 'an object with no key in common, as a whole',
      before: { a: { b: 1, c: 1 } },
      after: { a: { d: 1, e: 1 } },
      patch: [{ op: 'replace', path: '/a', value: { d: 1, e: 1 } }],
    },
    {
      title: 'an object that became empty',
      before: { a: { b: 1 } },
      after: { a: {} },
      patch: [{ op: 'remove', path: '/a/b' }],
    },
    {
      title: 'an item added in front',
      before: [1, 2, 3],
      after: [0, 1, 2, 3],
      patch: [{ op: 'add', path: '/0', value: 0 }],
    },
    {
      title: 'an item added at the end',
      before: [1, 2],
      after: [1, 2, 3],
      patch: [{ op: 'add', path: '/2', value: 3 }],
    },
    { title: 'one more of the same', before: [1, 1], after: [1, 1, 1], patch: [{ op: 'add', path: '/2', value: 1 }] },
    {
      title: 'items removed',
      before: [1, 2, 3, 4],
      after: [1, 4],
      patch: [
        { op: 'remove', path: '/2' },
        { op: 'remove', path: '/1' },
      ],
    },
    {
      title: 'an item removed and another added elsewhere',
      before: [1, 2, 3, 4, 5],
      after: [2, 3, 9, 4, 5],
      patch: [
        { op: 'remove', path: '/0' },
        { op: 'add', path: '/2', value: 9 },
      ],
    },
    {
      title: 'a change inside an item',
      before: [{ id: 1, s: 'a' }, { id: 2 }],
      after: [{ id: 1, s: 'b' }, { id: 2 }],
      patch: [{ op: 'replace', path: '/0/s', value: 'b' }],
    },
    {
      title: 'changed items beside an added one',
      before: [{ id: 1 }, { id: 2 }],
      after: [{ id: 1, s: 1 }, { id: 2 }, { id: 3 }],
      patch: [
        { op: 'add', path: '/0/s', value: 1 },
        { op: 'add', path: '/2', value: { id: 3 } },
      ],
    },
    {
      title: 'an emptied array',
      before: { a: [1, 2] },
      after: { a: [] },
      patch: [
        { op: 'remove', path: '/a/1' },
        { op: 'remove', path: '/a/0' },
      ],
    },
    {
      title: 'items in another order',
      before: ['a', 'b'],
      after: ['b', 'a'],
      patch: [
        { op: 'remove', path: '/0' },
        { op: 'add', path: '/1', value: 'a' },
      ],
    },
    {
      title: 'keys that need escapes',
      before: { 'a/b': { '~': 1 }, '': 1 },
      after: { 'a/b': { '~': 2 }, '': 2 },
      patch: [
        { op: 'replace', path: '/a~1b/~0', value: 2 },
        { op: 'replace', path: '/', value: 2 },
      ],
    },
    {
      title: 'a number against its text',
      before: [1],
      after: ['1'],
      patch: [{ op: 'replace', path: '/0', value: '1' }],
    },
  ])('$title', ({ before, after, patch }) => {
    expect(diff(before, after)).toStrictEqual(patch)
    expect(applyPatch(before, patch)).toEqual(after)
  })

  test('a changed __proto__ key', () => {
    const before = JSON.parse('{"__proto__":{"a":1},"b":1}') as JsonValue
    const after = JSON.parse('{"b":1,"__proto__":{"a":2}}') as JsonValue
    expect(diff(before, after)).toStrictEqual([{ op: 'replace', path: '/__proto__/a', value: 2 }])
    expect(diff({}, after)).toHaveLength(2)
    expect(JSON.stringify(applyPatch(before, diff(before, { b: 1 })))).toBe('{"b":1}')
  })
})

describe('diff() of long arrays', () => {
  const records = Array.from({ length: 20_000 }, (_, id): JsonObject => ({ id, state: 'done' }))

  test('finds a few edits far from each other', () => {
    const after = structuredClone(records)
    after.splice(100, 1)
    after.splice(19_000, 0, { id: -1 })
    after.splice(9000, 2, { id: 9001, state: 'failed' })
    const patch = diff(records, after)
    expect(patch.length).toBeLessThanOrEqual(5)
    expect(applyPatch(records, patch)).toEqual(after)
  })

  test('goes item by item when hundreds of items were exchanged', () => {
    const after = records.map((record, index) => (index % 20 === 0 ? { id: -1 - index, state: 'new' } : { ...record }))
    const patch = diff(records, after)
    expect(applyPatch(records, patch)).toEqual(after)
    expect(new Set(patch.map(({ op }) => op))).toStrictEqual(new Set(['replace']))
  })

  test('goes item by item when hundreds more were added than removed', () => {
    const after = [
      { id: -1 },
      ...records.slice(0, 10_000),
      ...records.slice(0, 600),
      ...records.slice(10_000),
      { id: -2 },
    ]
    expect(applyPatch(records, diff(records, after))).toEqual(after)
    expect(applyPatch(after, diff(after, records))).toEqual(records)
  })

  test('gives up in time on many equal items', () => {
    const before = Array.from({ length: 60_000 }, (_, index) => (index * 7919) % 3)
    const after = Array.from({ length: 60_000 }, (_, index) => (index * 104_729 + 1) % 3).reverse()
    after.push(9)
    before.push(8)
    expect(applyPatch(before, diff(before, after))).toEqual(after)
  })
})

describe('diff() does not look into what is shared', () => {
  test('below an object or in an array', () => {
    const untouched: JsonObject = {}
    Object.defineProperty(untouched, 'trap', {
      enumerable: true,
      get: () => {
        throw new Error('Looked inside')
      },
    })
    const before = { a: { n: 1, untouched }, list: [untouched, { n: 1 }, untouched] }
    const after = { a: { n: 2, untouched }, list: [untouched, { n: 2 }, untouched] }
    expect(diff(before, after)).toStrictEqual([
      { op: 'replace', path: '/a/n', value: 2 },
      { op: 'replace', path: '/list/1/n', value: 2 },
    ])
  })
})
