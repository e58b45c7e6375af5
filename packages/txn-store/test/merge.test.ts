import { describe, expect, test } from 'vitest'
import type { JsonValue } from '../src/json.js'
import { type MergeConflict, merge } from '../src/merge.js'

interface Row {
  readonly title: string
  readonly base: JsonValue
  readonly ours: JsonValue
  readonly theirs: JsonValue
  readonly merged: JsonValue
  readonly conflicts?: readonly MergeConflict[]
}

describe('merge() of objects', () => {
  test.each<Row>([
    {
      title: 'takes changes of different keys',
      base: { a: 1, b: 1 },
      ours: { a: 2, b: 1 },
      theirs: { a: 1, b: 3 },
      merged: { a: 2, b: 3 },
    },
    {
      title: 'goes into nested objects',
      base: { p: { q: { a: 1, b: 1 } } },
      ours: { p: { q: { a: 2, b: 1 } } },
      theirs: { p: { q: { a: 1, b: 2 } } },
      merged: { p: { q: { a: 2, b: 2 } } },
    },
    { title: 'takes what each side added', base: {}, ours: { a: 1 }, theirs: { b: 2 }, merged: { a: 1, b: 2 } },
    {
      title: 'takes what each side removed',
      base: { a: 1, b: 2, c: 3 },
      ours: { b: 2, c: 3 },
      theirs: { a: 1, c: 3 },
      merged: { c: 3 },
    },
    {
      title: 'takes the same change once',
      base: { a: 1 },
      ours: { a: { n: [2] } },
      theirs: { a: { n: [2] } },
      merged: { a: { n: [2] } },
    },
    { title: 'takes the same removal once', base: { a: 1, b: 1 }, ours: { b: 1 }, theirs: { b: 1 }, merged: { b: 1 } },
    {
      title: 'joins an object that both sides added',
      base: {},
      ours: { m: { a: 1, c: 3 } },
      theirs: { m: { b: 2, c: 3 } },
      merged: { m: { a: 1, c: 3, b: 2 } },
    },
    {
      title: 'joins it, with a conflict where it differs',
      base: {},
      ours: { m: { a: 1 } },
      theirs: { m: { a: 2, b: 2 } },
      merged: { m: { a: 1, b: 2 } },
      conflicts: [{ path: '/m/a', ours: 1, theirs: 2 }],
    },
    {
      title: 'does not take another order of keys for a change',
      base: { o: { a: 1, b: [{ x: 1, y: 1 }] } },
      ours: { o: 5 },
      theirs: { o: { b: [{ y: 1, x: 1 }], a: 1 } },
      merged: { o: 5 },
    },
    {
      title: 'reports two changes of one value',
      base: { a: 1, b: 1 },
      ours: { a: 2, b: 1 },
      theirs: { a: 3, b: 4 },
      merged: { a: 2, b: 4 },
      conflicts: [{ path: '/a', base: 1, ours: 2, theirs: 3 }],
    },
    {
      title: 'reports a removal against a change',
      base: { a: { n: 1 } },
      ours: {},
      theirs: { a: { n: 2 } },
      merged: {},
      conflicts: [{ path: '/a', base: { n: 1 }, theirs: { n: 2 } }],
    },
    {
      title: 'reports a change against a removal',
      base: { a: 1 },
      ours: { a: 2 },
      theirs: {},
      merged: { a: 2 },
      conflicts: [{ path: '/a', base: 1, ours: 2 }],
    },
    {
      title: 'reports two additions under one key',
      base: {},
      ours: { a: 1 },
      theirs: { a: { b: 1 } },
      merged: { a: 1 },
      conflicts: [{ path: '/a', ours: 1, theirs: { b: 1 } }],
    },
    {
      title: 'reports an object that took the place of something else on both sides',
      base: { a: 1 },
      ours: { a: { b: 1 } },
      theirs: { a: { c: 1 } },
      merged: { a: { b: 1 } },
      conflicts: [{ path: '/a', base: 1, ours: { b: 1 }, theirs: { c: 1 } }],
    },
    {
      title: 'tells null from a missing key',
      base: { a: null },
      ours: {},
      theirs: { a: 1 },
      merged: {},
      conflicts: [{ path: '/a', base: null, theirs: 1 }],
    },
    {
      title: 'writes the path as a pointer',
      base: { 'a/b': { '~': 1 } },
      ours: { 'a/b': { '~': 2 } },
      theirs: { 'a/b': { '~': 3 } },
      merged: { 'a/b': { '~': 2 } },
      conflicts: [{ path: '/a~1b/~0', base: 1, ours: 2, theirs: 3 }],
    },
    {
      title: 'reports documents of different kinds',
      base: {},
      ours: [],
      theirs: 1,
      merged: [],
      conflicts: [{ path: '', base: {}, ours: [], theirs: 1 }],
    },
    {
      title: 'lists every conflict',
      base: { a: 1, b: { c: 1 } },
      ours: { a: 2, b: { c: 2 } },
      theirs: { a: 3, b: { c: 3 } },
      merged: { a: 2, b: { c: 2 } },
      conflicts: [
        { path: '/a', base: 1, ours: 2, theirs: 3 },
        { path: '/b/c', base: 1, ours: 2, theirs: 3 },
      ],
    },
  ])('$title', expectMerge)

  test('keeps the order of ours, and puts what only theirs has after it', () => {
    const { merged } = merge({ z: 1, a: 1 }, { z: 1, m: 1, a: 2 }, { b: 1, a: 1, z: 2, c: 1 })
    expect(JSON.stringify(merged)).toBe('{"z":2,"m":1,"a":2,"b":1,"c":1}')
  })

  test('takes __proto__ for a key', () => {
    const [base, ours, theirs] = ['{"a":1}', '{"a":1,"__proto__":{"x":1}}', '{"a":2,"__proto__":{"y":2}}'].map(
      (text): JsonValue => JSON.parse(text),
    ) as [JsonValue, JsonValue, JsonValue]
    const { merged, conflicts } = merge(base, ours, theirs)
    expect(JSON.stringify(merged)).toBe('{"a":2,"__proto__":{"x":1,"y":2}}')
    expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
    expect(conflicts).toStrictEqual([])
  })

  test('shares what did not change and leaves its inputs alone', () => {
    const base = freezeAll({ a: { n: 1 }, b: { n: 1 }, c: [1] })
    const ours = freezeAll({ ...base, a: { n: 2 } })
    const theirs = freezeAll({ ...base, b: { n: 2 } })
    const { merged } = merge(base, ours, theirs)
    expect(merged).toStrictEqual({ a: { n: 2 }, b: { n: 2 }, c: [1] })
    expect((merged as typeof ours).a).toBe(ours.a)
    expect((merged as typeof ours).b).toBe(theirs.b)
    expect((merged as typeof ours).c).toBe(base.c)
    expect(merge(base, ours, base).merged).toBe(ours)
    expect(merge(base, base, theirs).merged).toBe(theirs)
  })
})

describe('merge() of arrays', () => {
  test.each<Row>([
    fits('takes the side that changed it', [1, 2], [1, 2], [2, 9], [2, 9]),
    fits('takes edits of separate items', [1, 2, 3], [7, 2, 3], [1, 2, 9], [7, 2, 9]),
    fits('takes edits of neighbouring items', [1, 2], [7, 2], [1, 9], [7, 9]),
    fits('takes an item added in front and one added at the end', [1, 2], [0, 1, 2], [1, 2, 3], [0, 1, 2, 3]),
    fits('takes a removal here and an addition there', [1, 2, 3, 4], [2, 3, 4], [1, 2, 3, 5, 4], [2, 3, 5, 4]),
    fits('takes a changed last item and an item added after it', [1, 2], [1, 9], [1, 2, 3], [1, 9, 3]),
    fits('takes a changed first item and an item added before it', [1, 2], [9, 2], [0, 1, 2], [0, 9, 2]),
    fits('takes the same addition once', [1], [1, 2], [1, 2], [1, 2]),
    fits('takes the same addition once beside another edit', [1, 2], [7, 2, 3], [1, 2, 3], [7, 2, 3]),
    fits('takes the same removal once beside others', [1, 2, 3, 4, 5], [1, 3, 4, 5], [1, 3, 4], [1, 3, 4]),
    fits(
      'takes records changed on different sides',
      [
        { i: 1, s: 0 },
        { i: 2, s: 0 },
      ],
      [
        { i: 1, s: 1 },
        { i: 2, s: 0 },
      ],
      [
        { i: 1, s: 0 },
        { s: 2, i: 2 },
      ],
      [
        { i: 1, s: 1 },
        { i: 2, s: 2 },
      ],
    ),
    clashes('reports different items added at the end', [1], [1, 2], [1, 3]),
    clashes('reports different items added in front', [1], [2, 1], [3, 1]),
    clashes('reports different items added to an empty array', [], [1], [2]),
    clashes('reports one addition that goes further than the other', [1], [1, 2], [1, 2, 3]),
    clashes('reports two changes of one item', [1, 2], [7, 2], [8, 2]),
    clashes(
      'reports two changes of one record, also in different fields',
      [{ a: 1, b: 1 }],
      [{ a: 2, b: 1 }],
      [{ a: 1, b: 2 }],
    ),
    clashes('reports an item removed against the same item changed', [1, 2, 3], [1, 3], [1, 9, 3]),
    clashes('reports an item removed beside one added', [1, 2], [1], [1, 2, 3]),
    clashes('reports an item added inside what the other side removed', [1, 2, 3, 4], [1, 4], [1, 2, 9, 3, 4]),
    clashes('reports an emptied array against a longer one', [1, 2], [], [1, 2, 3]),
    clashes('keeps the whole of ours, also what does not clash', [1, 2, 3], [7, 2, 3, 4], [1, 2, 3, 5]),
    {
      title: 'reports two arrays added under one key',
      base: {},
      ours: { a: [1] },
      theirs: { a: [2] },
      merged: { a: [1] },
      conflicts: [{ path: '/a', ours: [1], theirs: [2] }],
    },
    {
      title: 'reports an array against an object',
      base: { a: [] },
      ours: { a: [1] },
      theirs: { a: {} },
      merged: { a: [1] },
      conflicts: [{ path: '/a', base: [], ours: [1], theirs: {} }],
    },
  ])('$title', expectMerge)

  test('joins edits of a long array', () => {
    const base = Array.from({ length: 200_000 }, (_, index) => index)
    const ours = base.with(5, -5)
    const theirs = base.toSpliced(150_000, 1, -1, -2)
    const { merged, conflicts } = merge(base, ours, theirs)
    expect(conflicts).toStrictEqual([])
    expect(merged).toStrictEqual(theirs.with(5, -5))
  })
})

function expectMerge({ base, ours, theirs, merged, conflicts = [] }: Row): void {
  expect(merge(base, ours, theirs)).toStrictEqual({ merged, conflicts })
  const mirrored = conflicts.map(({ path, base: was, ours: mine, theirs: other }) => ({
    path,
    ...(was === undefined ? {} : { base: was }),
    ...(other === undefined ? {} : { ours: other }),
    ...(mine === undefined ? {} : { theirs: mine }),
  }))
  expect(merge(base, theirs, ours).conflicts).toStrictEqual(mirrored)
}

function fits(title: string, base: JsonValue, ours: JsonValue, theirs: JsonValue, merged: JsonValue): Row {
  return { title, base: { list: base }, ours: { list: ours }, theirs: { list: theirs }, merged: { list: merged } }
}

function clashes(title: string, base: JsonValue, ours: JsonValue, theirs: JsonValue): Row {
  const conflicts = [{ path: '/list', base, ours, theirs }]
  return {
    title,
    base: { list: base },
    ours: { list: ours },
    theirs: { list: theirs },
    merged: { list: ours },
    conflicts,
  }
}

function freezeAll<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) freezeAll(inner)
  return Object.freeze(value)
}
