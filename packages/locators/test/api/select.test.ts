import { expect, test } from 'vitest'
import { parsePath, select } from '../../src/api/select.ts'

const VALUE = { header: { next: 'abc', 'a b': 1, none: null }, rows: [{ id: 1 }, { id: 2 }] }

test.each([
  ['$', VALUE],
  ['$.header.next', 'abc'],
  ["$.header['a b']", 1],
  ['$["header"]["next"]', 'abc'],
  ['$.rows[0].id', 1],
  ['$.rows[-1].id', 2],
  ['$.header.none', null],
  ['$.header.none.more', undefined],
  ['$.rows[5].id', undefined],
  ['$.rows.length', undefined],
  ['$.header.toString', undefined],
  ['$.header.next.length', undefined],
  ['$.__proto__', undefined],
])('select() of %s', (path, expected) => {
  expect(select(VALUE, path)).toEqual(expected)
})

test.each(['', 'header', '$header', '$.', '$..a', '$.a[', '$.rows[*]', '$.a[x]', "$['a"])(
  'parsePath() refuses %s',
  (path) => {
    expect(() => parsePath(path)).toThrow(SyntaxError)
  },
)
