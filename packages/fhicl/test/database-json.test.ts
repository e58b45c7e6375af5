import type { JsonObject, JsonValue } from '@holdfast/fhicl'
import {
  DatabaseJsonError,
  getMember,
  getPath,
  isJsonArray,
  isJsonObject,
  jsonObject,
  maxJsonDepth,
  parseDatabaseJson,
  stringifyDatabaseJson,
  withMember,
} from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

function readValue(text: string): JsonValue | undefined {
  return getMember(parseDatabaseJson(`{"a":${text}}`), 'a')
}

function failure(input: string | Uint8Array): DatabaseJsonError {
  try {
    parseDatabaseJson(input, { source: 'index.json' })
  } catch (error) {
    if (error instanceof DatabaseJsonError) return error
    throw error
  }
  throw new Error(`accepted: ${input}`)
}

describe('stringifyDatabaseJson()', () => {
  test('writes one member or element a line, without indentation', () => {
    const object = jsonObject([
      ['b', 'x'],
      ['10', [1, true, [], jsonObject([])]],
      ['2', jsonObject([['c', false]])],
    ])
    expect(stringifyDatabaseJson(object)).toBe(
      '{\n"b" : "x",\n"10" : [\n1,\ntrue,\n[\n\n],\n{\n\n}\n],\n"2" : {\n"c" : false\n}\n}',
    )
  })

  test('escapes seven characters and no others', () => {
    const text = '"\\\b\f\n\r\t/\u0001\u007f\u00e9\u{1f600}'
    expect(stringifyDatabaseJson(jsonObject([[text, text]]))).toBe(
      `{\n${'"\\"\\\\\\b\\f\\n\\r\\t/\u0001\u007f\u00e9\u{1f600}"'} : ${'"\\"\\\\\\b\\f\\n\\r\\t/\u0001\u007f\u00e9\u{1f600}"'}\n}`,
    )
  })

  test('refuses what cannot be written', () => {
    let deep: JsonValue = []
    for (let depth = 0; depth < 10_000; depth++) deep = [deep]
    for (const value of [deep, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => stringifyDatabaseJson(jsonObject([['a', value]]))).toThrow(
        expect.objectContaining({ code: 'ERR_FHICL_DOCUMENT' }),
      )
    }
  })
})

describe('parseDatabaseJson()', () => {
  test('keeps order and duplicate keys', () => {
    const object = parseDatabaseJson('{"b":1,"1":2,"b":3,"__proto__":4}')
    expect(object.members.map(({ key, value }) => [key, value])).toEqual([
      ['b', 1],
      ['1', 2],
      ['b', 3],
      ['__proto__', 4],
    ])
  })

  test.each<[string, JsonValue]>([
    ['0', 0],
    ['-12', -12],
    ['1.25', 1.25],
    ['1e3', 1000],
    ['true', true],
    ['\n\tfalse ', false],
    ['""', ''],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\/\b\f\n\r\t'],
    ['"\\u00e9"', '\\u00e9'],
    ['"line\nend \u0001 \u00e9"', 'line\nend \u0001 \u00e9'],
    ['"ends with \\\\"', 'ends with \\'],
    ['"\\\\\\""', '\\"'],
    ['[ ]', []],
    ['[1 , "x",[ ] ]', [1, 'x', []]],
  ])('reads %j', (text, expected) => {
    expect(readValue(text)).toEqual(expected)
  })

  test('does not look at what follows the closing brace', () => {
    expect(parseDatabaseJson(' {} null garbage').members).toEqual([])
  })

  test('reads the text of other writers', () => {
    const value = { ouid: [], version: { '7/a': ['x', 'y'] }, n: 3 }
    const object = parseDatabaseJson(JSON.stringify(value, null, 2))
    expect(getPath(object, 'version', '7/a')).toEqual(['x', 'y'])
    expect(stringifyDatabaseJson(parseDatabaseJson(stringifyDatabaseJson(object)))).toBe(stringifyDatabaseJson(object))
  })

  test.each<[string, number, number, RegExp]>([
    ['', 1, 1, /"\{"/],
    ['[]', 1, 1, /"\{"/],
    ['{"a":null}', 1, 6, /a value/],
    ['{"a":1,}', 1, 8, /a key/],
    ['{"a" 1}', 1, 6, /":"/],
    ['{"a":[1,]}', 1, 9, /a value/],
    ['{"a":[1 2]}', 1, 9, /","/],
    ['{"a":1\n "b":2}', 2, 2, /","/],
    ["{'a':1}", 1, 2, /a key/],
    ['{"a":"x', 1, 6, /closing quote/],
    ['{"a":"x\\"}', 1, 6, /closing quote/],
    ['{"a":"\\x"}', 1, 7, /one of/],
    ['{"a":"\\u12"}', 1, 7, /one of/],
    ['{"a":01}', 1, 7, /","/],
    ['{"a":+1}', 1, 6, /a value/],
    ['{"a":9007199254740993}', 1, 6, /exactly/],
    ['{"a":1', 1, 7, /","/],
    ['{', 1, 2, /a key/],
  ])('refuses %j at line %d, column %d', (text, line, column, expected) => {
    const error = failure(text)
    expect({ line: error.line, column: error.column }).toEqual({ line, column })
    expect(error.expected).toMatch(expected)
    expect(error.message).toContain('"index.json"')
  })

  test('says that null has to go', () => {
    expect(failure('{"a":null}').hint).toMatch(/null/)
  })

  test('refuses bytes that are not UTF-8 and takes those that are', () => {
    expect(failure(Uint8Array.of(0x7b, 0x0a, 0x22, 0xff, 0x22))).toMatchObject({ line: 2, column: 2 })
    expect(parseDatabaseJson(Buffer.from('{"\u00e9":1}')).members[0]?.key).toBe('\u00e9')
  })

  test.each([maxJsonDepth, 10_000, 1_000_000])('refuses %d arrays inside each other', (depth) => {
    expect(failure(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`).expected).toMatch(/at most/)
  })

  test('accepts nesting up to the limit', () => {
    const depth = maxJsonDepth - 1
    const object = parseDatabaseJson(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect(parseDatabaseJson(stringifyDatabaseJson(object))).toEqual(object)
  })
})

describe('objects', () => {
  const object: JsonObject = jsonObject([
    ['a', 1],
    ['b', jsonObject([['c', [2]]])],
    ['a', 3],
  ])

  test('getMember() and getPath() find the first member', () => {
    expect(getMember(object, 'a')).toBe(1)
    expect(getMember(object, 'toString')).toBeUndefined()
    expect(getPath(object, 'b', 'c')).toEqual([2])
    expect(getPath(object, 'a', 'c')).toBeUndefined()
  })

  test('withMember() replaces the first or appends, and leaves the object alone', () => {
    const before = stringifyDatabaseJson(object)
    expect(withMember(object, 'a', 9).members.map(({ value }) => value)).toEqual([9, getMember(object, 'b'), 3])
    expect(withMember(object, 'z', 9).members.map(({ key }) => key)).toEqual(['a', 'b', 'a', 'z'])
    expect(stringifyDatabaseJson(object)).toBe(before)
  })

  test('isJsonObject() and isJsonArray() tell values apart', () => {
    expect([object, [], 'x', 1, false, undefined].map(isJsonObject)).toEqual([true, false, false, false, false, false])
    expect([object, [], 'x', 1, false, undefined].map(isJsonArray)).toEqual([false, true, false, false, false, false])
  })
})
