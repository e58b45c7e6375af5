import { describe, expect, test } from 'vitest'
import type { JsonObject, JsonValue } from '../src/json.js'
import { type AnyJsonPatchOperation, applyPatch, JsonPatchError, JsonPatcher } from '../src/json-patch.js'

interface FittingCase {
  readonly title: string
  readonly document: JsonValue
  readonly patch: readonly AnyJsonPatchOperation[]
  readonly result: JsonValue
}

interface MisfitCase {
  readonly title: string
  readonly document: JsonValue
  readonly patch: readonly unknown[]
  readonly reason: RegExp
}

const run = { stage: 'tts', files: ['a.pdf', 'b.pdf'] }

describe('applyPatch() applies', () => {
  test.each<FittingCase>([
    // The situations of RFC 6902's appendix A, on documents of our own.
    fits('adding a key', { stage: 'tts' }, [{ op: 'add', path: '/host', value: 'n1' }], { stage: 'tts', host: 'n1' }),
    fits('adding an item before another', run, [{ op: 'add', path: '/files/1', value: 'x.pdf' }], {
      stage: 'tts',
      files: ['a.pdf', 'x.pdf', 'b.pdf'],
    }),
    fits('removing a key', { stage: 'tts', host: 'n1' }, [{ op: 'remove', path: '/host' }], { stage: 'tts' }),
    fits('removing an item', run, [{ op: 'remove', path: '/files/0' }], { stage: 'tts', files: ['b.pdf'] }),
    fits('replacing a value', run, [{ op: 'replace', path: '/stage', value: 'mix' }], { ...run, stage: 'mix' }),
    fits(
      'moving a key to another object',
      { old: { log: 'l', keep: 1 }, next: { size: 2 } },
      [{ op: 'move', from: '/old/log', path: '/next/log' }],
      { old: { keep: 1 }, next: { size: 2, log: 'l' } },
    ),
    fits('moving an item', { a: [1, 2, 3, 4] }, [{ op: 'move', from: '/a/1', path: '/a/3' }], { a: [1, 3, 4, 2] }),
    fits(
      'a test that holds, of an item and of a key',
      run,
      [
        { op: 'test', path: '/stage', value: 'tts' },
        { op: 'test', path: '/files/1', value: 'b.pdf' },
      ],
      run,
    ),
    fits('adding an object', run, [{ op: 'add', path: '/host', value: { name: 'n1' } }], {
      ...run,
      host: { name: 'n1' },
    }),
    fits(
      'members that RFC 6902 does not know, by ignoring them',
      {},
      [{ op: 'add', path: '/a', value: 1, note: 'x' } as AnyJsonPatchOperation],
      { a: 1 },
    ),
    fits('a test of a key with escapes', { '/': 9, '~1': 10 }, [{ op: 'test', path: '/~01', value: 10 }], {
      '/': 9,
      '~1': 10,
    }),
    fits('adding at the end of an array', run, [{ op: 'add', path: '/files/-', value: ['n', 'm'] }], {
      stage: 'tts',
      files: ['a.pdf', 'b.pdf', ['n', 'm']],
    }),
    // And more.
    fits('an empty patch', run, [], run),
    fits('adding a key that is there, which replaces it', run, [{ op: 'add', path: '/stage', value: null }], {
      ...run,
      stage: null,
    }),
    fits('adding at an index equal to the length', [1], [{ op: 'add', path: '/1', value: 2 }], [1, 2]),
    fits('replacing the whole document', run, [{ op: 'replace', path: '', value: 7 }], 7),
    fits('adding the whole document', run, [{ op: 'add', path: '', value: [] }], []),
    fits('copying', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }),
    fits('copying the document into itself', { a: 1 }, [{ op: 'copy', from: '', path: '/b' }], {
      a: 1,
      b: { a: 1 },
    }),
    fits(
      'changing one of two copies of something this patch had changed',
      { a: { b: 1 } },
      [
        { op: 'replace', path: '/a/b', value: 2 },
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'replace', path: '/c/b', value: 3 },
        { op: 'add', path: '/a/d', value: 4 },
      ],
      { a: { b: 2, d: 4 }, c: { b: 3 } },
    ),
    fits('moving a value to where it is', run, [{ op: 'move', from: '/files', path: '/files' }], run),
    fits('moving to a longer name with the same start', { a: 1 }, [{ op: 'move', from: '/a', path: '/ab' }], { ab: 1 }),
    fits('moving over a value above it', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/a' }], { a: 1 }),
    fits('moving a value to be the document', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '' }], { b: 1 }),
    fits('an empty key', { '': { '': 1 } }, [{ op: 'replace', path: '//', value: 2 }], { '': { '': 2 } }),
    fits('keys that look like indices', { '01': 1 }, [{ op: 'replace', path: '/01', value: 2 }], { '01': 2 }),
    fits("the key '-' of an object", {}, [{ op: 'add', path: '/-', value: 2 }], { '-': 2 }),
    fits(
      'a test of objects with another order of keys, and of numbers written another way',
      { a: { x: 1, y: [{}] } },
      [{ op: 'test', path: '/a', value: { y: [{}], x: JSON.parse('1.0e0') as number } }],
      { a: { x: 1, y: [{}] } },
    ),
  ])('$title', ({ document, patch, result }) => {
    const documentBefore = JSON.stringify(document)
    const patchBefore = JSON.stringify(patch)
    freezeAll(document)
    freezeAll(patch)
    expect(applyPatch(document, patch)).toStrictEqual(result)
    expect(JSON.stringify(document)).toBe(documentBefore)
    expect(JSON.stringify(patch)).toBe(patchBefore)
  })
})

describe('applyPatch() refuses', () => {
  test.each<MisfitCase>([
    {
      title: 'a test of another value',
      document: run,
      patch: [{ op: 'test', path: '/stage', value: 'mix' }],
      reason: /another/,
    },
    {
      title: 'a test of a number against its text',
      document: { '~1': 10 },
      patch: [{ op: 'test', path: '/~01', value: '10' }],
      reason: /another/,
    },
    {
      title: 'a test of a shorter array',
      document: [1, 2],
      patch: [{ op: 'test', path: '', value: [1] }],
      reason: /another/,
    },
    {
      title: 'a test of an object with a key less',
      document: { a: 1, b: 2 },
      patch: [{ op: 'test', path: '', value: { a: 1 } }],
      reason: /another/,
    },
    {
      title: 'a test of an array against an object',
      document: ['x'],
      patch: [{ op: 'test', path: '', value: { '0': 'x' } }],
      reason: /another/,
    },
    {
      title: 'adding below a key that is not there',
      document: {},
      patch: [{ op: 'add', path: '/a/b', value: 1 }],
      reason: /no key "a"/,
    },
    {
      title: 'adding below text',
      document: { a: 'x' },
      patch: [{ op: 'add', path: '/a/b', value: 1 }],
      reason: /through a string/,
    },
    {
      title: 'adding below null',
      document: { a: null },
      patch: [{ op: 'add', path: '/a/b', value: 1 }],
      reason: /through null/,
    },
    {
      title: 'adding past the end',
      document: [1],
      patch: [{ op: 'add', path: '/2', value: 1 }],
      reason: /has 1 items/,
    },
    {
      title: 'adding far past the end',
      document: [1],
      patch: [{ op: 'add', path: '/99999999999999999999999', value: 1 }],
      reason: /has 1 items/,
    },
    {
      title: 'replacing what is not there',
      document: {},
      patch: [{ op: 'replace', path: '/a', value: 1 }],
      reason: /no key "a"/,
    },
    {
      title: 'replacing an item past the end',
      document: [1],
      patch: [{ op: 'replace', path: '/1', value: 1 }],
      reason: /has 1 items/,
    },
    {
      title: "replacing '-'",
      document: [1],
      patch: [{ op: 'replace', path: '/-', value: 1 }],
      reason: /"-" is not the index/,
    },
    { title: "removing '-'", document: [1], patch: [{ op: 'remove', path: '/-' }], reason: /"-" is not the index/ },
    {
      title: 'the length of an array',
      document: [1],
      patch: [{ op: 'replace', path: '/length', value: 0 }],
      reason: /"length" is not the index/,
    },
    {
      title: 'an index with a leading zero',
      document: [1, 2],
      patch: [{ op: 'remove', path: '/01' }],
      reason: /"01" is not the index/,
    },
    {
      title: 'a negative index',
      document: [1, 2],
      patch: [{ op: 'remove', path: '/-1' }],
      reason: /"-1" is not the index/,
    },
    {
      title: 'an index with a fraction',
      document: [1, 2],
      patch: [{ op: 'remove', path: '/1.0' }],
      reason: /"1\.0" is not the index/,
    },
    {
      title: 'an index in exponent form',
      document: [1, 2],
      patch: [{ op: 'test', path: '/1e0', value: 2 }],
      reason: /"1e0" is not the index/,
    },
    { title: 'an empty index', document: [1, 2], patch: [{ op: 'remove', path: '/' }], reason: /"" is not the index/ },
    { title: 'removing what is not there', document: {}, patch: [{ op: 'remove', path: '/a' }], reason: /no key "a"/ },
    {
      title: 'removing what every object inherits',
      document: {},
      patch: [{ op: 'remove', path: '/toString' }],
      reason: /no key "toString"/,
    },
    { title: 'removing the document', document: {}, patch: [{ op: 'remove', path: '' }], reason: /cannot be removed/ },
    {
      title: 'moving a value into itself',
      document: { a: { b: {} } },
      patch: [{ op: 'move', from: '/a', path: '/a/b/c' }],
      reason: /into itself/,
    },
    {
      title: 'moving the document into itself',
      document: { a: {} },
      patch: [{ op: 'move', from: '', path: '/a' }],
      reason: /into itself/,
    },
    {
      title: 'moving what is not there onto itself',
      document: {},
      patch: [{ op: 'move', from: '/a', path: '/a' }],
      reason: /no key "a"/,
    },
    {
      title: 'copying what is not there',
      document: {},
      patch: [{ op: 'copy', from: '/a', path: '/b' }],
      reason: /no key "a"/,
    },
    {
      title: 'a pointer without a slash',
      document: { a: 1 },
      patch: [{ op: 'remove', path: 'a' }],
      reason: /does not start/,
    },
    {
      title: 'a pointer with a bare tilde',
      document: { 'a~b': 1 },
      patch: [{ op: 'remove', path: '/a~b' }],
      reason: /'~'/,
    },
    {
      title: 'an operation nobody knows',
      document: {},
      patch: [{ op: 'spam', path: '/a', value: 1 }],
      reason: /no such operation/,
    },
    { title: 'no operation', document: {}, patch: [{ path: '/a', value: 1 }], reason: /no such operation/ },
    { title: 'no path', document: {}, patch: [{ op: 'add', value: 1 }], reason: /no path/ },
    { title: 'no value', document: {}, patch: [{ op: 'add', path: '/a' }], reason: /no value/ },
    { title: 'no from', document: {}, patch: [{ op: 'move', path: '/a' }], reason: /no 'from'/ },
    { title: 'an operation that is an array', document: {}, patch: [['add', '/a', 1]], reason: /not an object/ },
    { title: 'an operation that is null', document: {}, patch: [null], reason: /not an object/ },
  ])('$title', ({ document, patch, reason }) => {
    const before = JSON.stringify(document)
    // A step that fits first: it must not show either.
    const whole = [{ op: 'test', path: '', value: document }, ...patch] as AnyJsonPatchOperation[]
    const error = errorOf(() => applyPatch(document, whole))
    expect(error).toBeInstanceOf(JsonPatchError)
    expect(error).toMatchObject({ code: 'ERR_JSON_PATCH', index: 1, operation: patch[0] })
    expect(error.message).toMatch(reason)
    expect(JSON.stringify(document)).toBe(before)
  })

  test('the second of two operations, and leaves the document as it was', () => {
    const document = { a: { b: 1 } }
    const error = errorOf(() =>
      applyPatch(document, [
        { op: 'replace', path: '/a/b', value: 2 },
        { op: 'remove', path: '/a/c' },
      ]),
    )
    expect(error).toMatchObject({ index: 1 })
    expect(error.message).toContain('"/a/c"')
    expect(document).toStrictEqual({ a: { b: 1 } })
  })
})

describe('applyPatch() copies', () => {
  test('only along the changed paths', () => {
    const document = { a: { b: { c: 1 }, d: { e: 1 } }, list: [{ x: 1 }, { y: 1 }], rest: {} }
    const result = applyPatch(document, [
      { op: 'replace', path: '/a/b/c', value: 2 },
      { op: 'replace', path: '/list/1/y', value: 2 },
    ]) as typeof document
    expect(result.rest).toBe(document.rest)
    expect(result.a.d).toBe(document.a.d)
    expect(result.list[0]).toBe(document.list[0])
    expect(result.a.b).not.toBe(document.a.b)
    expect(result.list[1]).not.toBe(document.list[1])
  })

  test('nothing when the patch only tests', () => {
    const document = { a: 1 }
    expect(applyPatch(document, [{ op: 'test', path: '/a', value: 1 }])).toBe(document)
  })

  test('an object once for many operations', () => {
    const document: JsonObject = {}
    for (let key = 0; key < 10_000; key += 1) document[`key${key}`] = key
    const patch = Object.keys(document).map(
      (key): AnyJsonPatchOperation => ({ op: 'replace', path: `/${key}`, value: -1 }),
    )
    const startedAt = performance.now()
    const result = applyPatch(document, patch)
    // Copying it each time would be 100 million keys: half a minute.
    expect(performance.now() - startedAt).toBeLessThan(3000)
    expect(Object.values(result as JsonObject)).toStrictEqual(Array.from({ length: 10_000 }, () => -1))
  })

  test('a value of the patch before it is changed by a later operation', () => {
    const value = { list: [1] }
    const result = applyPatch({}, [
      { op: 'add', path: '/a', value },
      { op: 'add', path: '/b', value },
      { op: 'add', path: '/a/list/-', value: 2 },
    ])
    expect(result).toStrictEqual({ a: { list: [1, 2] }, b: { list: [1] } })
    expect(value).toStrictEqual({ list: [1] })
  })
})

describe('applyPatch() keeps the order of keys', () => {
  test('when replacing, adding over, adding and removing', () => {
    const result = applyPatch({ b: 1, a: { z: 1, y: 1 }, c: 1 }, [
      { op: 'replace', path: '/b', value: 2 },
      { op: 'add', path: '/a', value: 2 },
      { op: 'add', path: '/0a', value: 2 },
      { op: 'remove', path: '/c' },
    ])
    expect(JSON.stringify(result)).toBe('{"b":2,"a":2,"0a":2}')
  })
})

describe('applyPatch() treats __proto__ as a key', () => {
  const text = '{"__proto__":{"admin":false},"a":1}'

  test.each<{
    readonly title: string
    readonly before: string
    readonly patch: AnyJsonPatchOperation[]
    readonly after: string
  }>([
    {
      title: 'adding',
      before: '{"a":1}',
      patch: [{ op: 'add', path: '/__proto__', value: { admin: true } }],
      after: '{"a":1,"__proto__":{"admin":true}}',
    },
    {
      title: 'replacing',
      before: text,
      patch: [{ op: 'replace', path: '/__proto__', value: 5 }],
      after: '{"__proto__":5,"a":1}',
    },
    {
      title: 'replacing below',
      before: text,
      patch: [{ op: 'replace', path: '/__proto__/admin', value: 1 }],
      after: '{"__proto__":{"admin":1},"a":1}',
    },
    { title: 'removing', before: text, patch: [{ op: 'remove', path: '/__proto__' }], after: '{"a":1}' },
    {
      title: 'moving',
      before: text,
      patch: [{ op: 'move', from: '/__proto__', path: '/b' }],
      after: '{"a":1,"b":{"admin":false}}',
    },
    {
      title: 'keeping it when something else changes',
      before: text,
      patch: [{ op: 'replace', path: '/a', value: 2 }],
      after: '{"__proto__":{"admin":false},"a":2}',
    },
  ])('$title', ({ before, patch, after }) => {
    const result = applyPatch(JSON.parse(before) as JsonValue, patch)
    expect(JSON.stringify(result)).toBe(after)
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
  })

  test('in an object of thousands of keys', () => {
    const document = JSON.parse(
      `{${Array.from({ length: 3000 }, (_, key) => `"k${key}":${key},`).join('')}${text.slice(1)}`,
    )
    const result = applyPatch(document as JsonValue, [{ op: 'replace', path: '/k7', value: 'x' }])
    expect(JSON.stringify(result)).toBe(JSON.stringify(document).replace('"k7":7', '"k7":"x"'))
    expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
  })

  test('refusing to reach the prototype through it', () => {
    for (const path of ['/__proto__/polluted', '/constructor/prototype/polluted']) {
      expect(errorOf(() => applyPatch({}, [{ op: 'add', path, value: 1 }]))).toMatchObject({ code: 'ERR_JSON_PATCH' })
    }
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

describe('JsonPatcher', () => {
  test('copies an object once for many patches', () => {
    const wide: JsonObject = {}
    for (let key = 0; key < 10_000; key += 1) wide[`key${key}`] = key
    const document = { wide }
    const patcher = new JsonPatcher(document)
    const startedAt = performance.now()
    for (const key of Object.keys(wide)) patcher.apply([{ op: 'replace', path: `/wide/${key}`, value: 0 }])
    expect(performance.now() - startedAt).toBeLessThan(3000)
    const result = patcher.finish() as typeof document
    expect(new Set(Object.values(result.wide))).toStrictEqual(new Set([0]))
    expect(wide['key9']).toBe(9)
  })

  test('finish() gives a document that later patches do not change', () => {
    const patcher = new JsonPatcher({ a: { b: 1 } })
    patcher.apply([{ op: 'replace', path: '/a/b', value: 2 }])
    const first = patcher.finish()
    patcher.apply([{ op: 'replace', path: '/a/b', value: 3 }])
    expect(first).toStrictEqual({ a: { b: 2 } })
    expect(patcher.finish()).toStrictEqual({ a: { b: 3 } })
  })

  test('is of no more use after a patch that failed', () => {
    const patcher = new JsonPatcher({ a: 1 })
    const half: AnyJsonPatchOperation[] = [
      { op: 'replace', path: '/a', value: 2 },
      { op: 'remove', path: '/b' },
    ]
    expect(() => patcher.apply(half)).toThrow(JsonPatchError)
    expect(() => patcher.finish()).toThrow('start again')
    expect(() => patcher.apply([])).toThrow('start again')
  })
})

function fits(
  title: string,
  document: JsonValue,
  patch: readonly AnyJsonPatchOperation[],
  result: JsonValue,
): FittingCase {
  return { title, document, patch, result }
}

function errorOf(work: () => unknown): Error {
  try {
    work()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('Nothing was thrown')
}

function freezeAll(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  Object.freeze(value)
  for (const inner of Object.values(value)) freezeAll(inner)
}
