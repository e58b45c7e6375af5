import type { FhiclNode } from '@holdfast/fhicl'
import { FhiclSyntaxError, maxFhiclDepth, readFhicl } from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

/** Kind and text of a value, elements and entries inside brackets and braces. */
function show(node: FhiclNode): string {
  if (node.kind === 'sequence') return `[${node.elements.map(show).join(', ')}]`
  if (node.kind === 'table') return `{${node.entries.map(({ key, value }) => `${key}=${show(value)}`).join(' ')}}`
  return `${node.kind}:${node.text}`
}

function showMain(text: string): string {
  return readFhicl(text)
    .main.map(({ key, value }) => `${key}=${show(value)}`)
    .join(' ')
}

function failure(text: string | Uint8Array): FhiclSyntaxError {
  try {
    readFhicl(text, { source: 'x.fcl' })
  } catch (error) {
    if (error instanceof FhiclSyntaxError) return error
    throw error
  }
  throw new Error(`accepted: ${text}`)
}

describe('readFhicl() keeps the spelling of values', () => {
  test.each([
    ['17', 'number:17'],
    ['0042', 'number:0042'],
    ['-3', 'number:-3'],
    ['+2.50', 'number:+2.50'],
    ['.5', 'number:.5'],
    ['5.', 'number:5.'],
    ['6.02e23', 'number:6.02e23'],
    ['1E-9', 'number:1E-9'],
    ['0xfF', 'number:0xfF'],
    ['0b1011', 'number:0b1011'],
    ['infinity', 'number:infinity'],
    ['-infinity', 'number:-infinity'],
    ['98765432109876543210987654321098765432', 'number:98765432109876543210987654321098765432'],
    ['7/', undefined],
    ['7# seven', 'number:7'],
    ['7// seven', 'number:7'],
    ['true', 'bool:true'],
    ['false', 'bool:false'],
    ['true# a comment without a blank makes it a word', 'string_unquoted:true'],
    ['TRUE', 'string_unquoted:TRUE'],
    ['@nil', 'nil:@nil'],
    ['@nil# word', 'string_unquoted:@nil'],
    ['infinity# word', 'string_unquoted:infinity'],
    ['hello', 'string_unquoted:hello'],
    ['_x9', 'string_unquoted:_x9'],
    ['9e77abba', 'string_unquoted:9e77abba'],
    ['0x', 'string_unquoted:0x'],
    ['1e', 'string_unquoted:1e'],
    ['e5', 'string_unquoted:e5'],
    ['.', 'string_unquoted:.'],
    ['.a:b', 'string_unquoted:.a:b'],
    ['user@host', 'string_unquoted:user@host'],
    ['@local::geo.v2', 'string_unquoted:@local::geo.v2'],
    ['@table::geo', 'string_unquoted:@table::geo'],
    ['@sequence::geo.ch', 'string_unquoted:@sequence::geo.ch'],
    ['@id::0123456789abcdef', 'string_unquoted:@id::0123456789abcdef'],
    ['@erase', 'string_unquoted:@erase'],
    ['(1,-2)', 'complex:(1,-2)'],
    ['(1, -2.5e3)', 'complex:(1, -2.5e3)'],
    ['( infinity , 0x1 )', 'complex:( infinity , 0x1 )'],
    ['(1, # real part\n 2)', 'complex:(1, 2)'],
    ['""', 'string_doublequoted:'],
    ["''", 'string_singlequoted:'],
    ['"it\'s # no comment"', "string_doublequoted:it's # no comment"],
    [String.raw`"q\"u\\o\tt\n\'"`, String.raw`string_doublequoted:q\"u\\o\tt\n\'`],
    [String.raw`'\d "x" \'`, String.raw`string_singlequoted:\d "x" \ `.trimEnd()],
    ['"two\nlines\tand a tab"', 'string_doublequoted:two\nlines\tand a tab'],
    ['"crlf\r\ninside"', 'string_doublequoted:crlf\ninside'],
    ['[]', '[]'],
    ['[ 1,2 , "a" ]', '[number:1, number:2, string_doublequoted:a]'],
    ['[, 1]', '[number:1]'],
    ['[[1],[], {a: 1}]', '[[number:1], [], {a=number:1}]'],
    ['[@sequence::x.y, "b"]', '[string_unquoted:@sequence::x.y, string_doublequoted:b]'],
    ['{}', '{}'],
    ['{ b: 2 a: {c: [true]} }', '{b=number:2 a={c=[bool:true]}}'],
    ['{ a: 1 b: 2 a: 3 }', '{a=number:3 b=number:2}'],
    ['{ 1: 2 }', undefined],
  ])('v: %s', (value, expected) => {
    if (expected === undefined) expect(failure(`v: ${value}\n`).code).toBe('ERR_FHICL_SYNTAX')
    else expect(showMain(`v: ${value}\n`)).toBe(`v=${expected}`)
  })
})

describe('readFhicl() structure', () => {
  test.each([
    ['a: 1 b: 2', 'a=number:1 b=number:2'],
    ['a: 1\na: x\na: {}\n', 'a=number:1 a=string_unquoted:x a={}'],
    ['a . b.c : 1', 'a.b.c=number:1'],
    ['a # why\n : # because\n 1', 'a=number:1'],
    ['\f\va:\t1', 'a=number:1'],
    ['a: 1 # open end', 'a=number:1'],
    ['a: x // c\r\nb: y\r\n', 'a=string_unquoted:x b=string_unquoted:y'],
    ['10: 1', undefined],
    ['constructor: 1 __proto__: 2', 'constructor=number:1 __proto__=number:2'],
    ['t: { __proto__: 1 toString: 2 __proto__: 3 }', 't={__proto__=number:3 toString=number:2}'],
  ])('%j', (text, expected) => {
    if (expected === undefined) expect(failure(text).code).toBe('ERR_FHICL_SYNTAX')
    else expect(showMain(text)).toBe(expected)
  })

  test('prologs come first and keep a key that the main part defines again', () => {
    const text = 'BEGIN_PROLOG\nx: 1\nEND_PROLOG\n# between\nBEGIN_PROLOG y.z: @local::x END_PROLOG x: 2\n'
    const { prolog, main } = readFhicl(text)
    expect(prolog.map(({ key }) => key)).toEqual(['x', 'y.z'])
    expect(main).toMatchObject([{ key: 'x', value: { kind: 'number', text: '2' } }])
  })

  test('a key may be called END_PROLOG inside a prolog', () => {
    expect(readFhicl('BEGIN_PROLOG END_PROLOG: 1 END_PROLOGS: 2 END_PROLOG').prolog.map(({ key }) => key)).toEqual([
      'END_PROLOG',
      'END_PROLOGS',
    ])
  })

  test('protection is kept and decides between definitions inside a table', () => {
    expect(readFhicl('a @protect_error: [1] b @protect_ignore: x').main.map(({ value }) => value.protection)).toEqual([
      '@protect_error',
      '@protect_ignore',
    ])
    expect(showMain('t: { a @protect_ignore: 1 a: 2 }')).toBe('t={a=number:1}')
    expect(failure('t: { a @protect_error: 1 a: 2 }').column).toBe(26)
    expect(failure('t: { a: 1 a @protect_ignore: 2 }').column).toBe(11)
    expect(failure('t @protect_error: { a: { b @protect_ignore: 2 } }').column).toBe(19)
    expect(showMain('t @protect_ignore: { a: { b @protect_error: 2 } }')).toBe('t={a={b=number:2}}')
    expect(showMain('a @protect_error: 1 a: 2')).toBe('a=number:1 a=number:2')
  })

  test('a table with many keys keeps first places and last values', () => {
    const keys = Array.from({ length: 40 }, (_, index) => `k${index % 20}: ${index}`)
    const expected = Array.from({ length: 20 }, (_, index) => `k${index}=number:${index + 20}`)
    expect(showMain(`t: { ${keys.join(' ')} }`)).toBe(`t={${expected.join(' ')}}`)
  })
})

describe('readFhicl() includes', () => {
  test('lines become entries, numbered over the text, also in tables and prologs', () => {
    const text = 'BEGIN_PROLOG\n#include "p.fcl"\nEND_PROLOG\nt: {\n  #include\t"in.fcl" # c\n}\n#include \'s.fcl\'\n'
    const { prolog, main } = readFhicl(text)
    expect(prolog).toMatchObject([
      { key: 'fhicl_pound_include_0', value: { text: 'p.fcl', comment: '', annotation: '' } },
    ])
    expect(main.map(({ key, value }) => `${key}=${show(value)}`)).toEqual([
      't={fhicl_pound_include_1=string_doublequoted:in.fcl}',
      'fhicl_pound_include_2=string_singlequoted:s.fcl',
    ])
  })

  test.each([
    ['in a comment', '# see #include "old.fcl"\na: 1\n', 'a=number:1'],
    ['commented out', '##include "old.fcl"\na: 1\n', 'a=number:1'],
    ['behind a value', 'a: 1 #include "old.fcl"\nb: 2', 'a=number:1 b=number:2'],
    [
      'in a string',
      'a: "say #include \'x\' here"\nb: "y"',
      "a=string_doublequoted:say #include 'x' here b=string_doublequoted:y",
    ],
    ['on a line of a string', 'a: "x\n#include \'y\'\n"', "a=string_doublequoted:x\n#include 'y'\n"],
    ['indented prose', ' #include nothing\na: "b"', 'a=string_doublequoted:b'],
  ])('the word means nothing %s', (_, text, expected) => {
    expect(showMain(text)).toBe(expected)
  })

  test.each([
    ['#include"x.fcl"\n'],
    ['a: 1\n#includes are great\n'],
    ['#include x.fcl\na: "b"\n'],
    ['a:\n#include "x.fcl"\n1\n'],
    ['a: [1,\n#include "x.fcl"\n2]\n'],
    ['#include "x.fcl"\nBEGIN_PROLOG\nEND_PROLOG\n'],
    ['#include "x.fcl"# no blank\n'],
  ])('refuses %j', (text) => {
    expect(failure(text)).toMatchObject({ code: 'ERR_FHICL_SYNTAX', source: 'x.fcl' })
  })
})

describe('readFhicl() says what is wrong and where', () => {
  test.each([
    ['', 1, 1, /one character/],
    ['a: 1,\nb: 2', 1, 5, /next definition/],
    ['a: 1\nb c: 2', 2, 3, /":" after the key "b"/],
    ['a-b: 1', 1, 2, /after the key/],
    ['10G: 1', 1, 1, /a key/],
    ['a:', 1, 3, /a value/],
    ['a: }', 1, 4, /a value/],
    ['a: 1 }', 1, 6, /next definition/],
    ['a: foo-bar', 1, 4, /a value/],
    ['a: 10.0.0.1', 1, 4, /a value/],
    ['a: b.c', 1, 5, /next definition/],
    ['a: A::B', 1, 5, /next definition/],
    ['a: two words', 1, 13, /":" after the key "words"/],
    ['a: "x\\\\"\n', 1, 4, /closing quote/],
    ["a: 'x\nb: 1\n", 1, 4, /closing quote/],
    ['a: "c:\\dir"', 1, 7, /one of/],
    ['a: "x"# c', 1, 7, /blank after the string/],
    ["a: 'x'y", 1, 7, /blank after the string/],
    ['a: "\u0007"', 1, 5, /printable/],
    ["a: '\u001b'", 1, 5, /printable/],
    ['a: \u0001', 1, 4, /a value/],
    ['a: [1,2\nb: 3', 2, 1, /"," or "]"/],
    ['a: [1,2\n', 1, 4, /before the end of the text/],
    ['a: [1,]', 1, 7, /a value/],
    ['a: [,]', 1, 6, /a value/],
    ['a: [1 2]', 1, 7, /"," or "]"/],
    ['a: {\n b: 1\n', 1, 4, /before the end of the text/],
    ['a: { b: 1, c: 2 }', 1, 10, /next definition/],
    ['a: { b.c: 1 }', 1, 7, /":" after the key "b"/],
    ['a[0]: 1', 1, 2, /":" after the key/],
    ['a.: 1', 1, 3, /a name after the dot/],
    ['a: (1)', 1, 6, /","/],
    ['a: (1, x)', 1, 8, /a number/],
    ['a: (1, 2', 1, 9, /"\)"/],
    ['a: +', 1, 4, /a value/],
    ['a @protect_ignore : 1', 1, 3, /":"/],
    ['a @unknown: 1', 1, 3, /":"/],
    ['@table::x', 1, 1, /a key/],
    ['a: 1\nBEGIN_PROLOG\nEND_PROLOG\n', 2, 1, /no prolog/],
    ['BEGIN_PROLOG\na: 1\n', 1, 1, /END_PROLOG/],
    ['END_PROLOG', 1, 1, /BEGIN_PROLOG/],
    ['a: 1 / 2', 1, 6, /a key/],
    ['a: "caf\u00e9"', 1, 8, /ASCII/],
    ['a: 1\r\n\r\nb: 2 # \u{1f600}', 3, 8, /ASCII/],
  ])('%j at line %d, column %d', (text, line, column, expected) => {
    const error = failure(text)
    expect({ line: error.line, column: error.column }).toEqual({ line, column })
    expect(error.expected).toMatch(expected)
    expect(error.message).toContain(`"x.fcl" at line ${line}, column ${column}`)
  })

  test('bytes that are not ASCII are named, as a character or as a byte', () => {
    expect(failure(Buffer.from('a: 1 # gr\u00fc\u00df\n'))).toMatchObject({
      line: 1,
      column: 10,
      found: '"\u00fc" (U+00FC)',
    })
    expect(failure(Uint8Array.of(0x61, 0x3a, 0x0a, 0x20, 0xe9))).toMatchObject({
      line: 2,
      column: 2,
      found: 'the byte 0xE9',
    })
  })
})

describe('readFhicl() limits', () => {
  const tables = (depth: number) => `a: ${'{a: '.repeat(depth)}1${'}'.repeat(depth)}`
  const sequences = (depth: number) => `a: ${'['.repeat(depth)}${']'.repeat(depth)}`

  test('accepts nesting up to the limit', () => {
    expect(readFhicl(tables(maxFhiclDepth)).main).toHaveLength(1)
    expect(readFhicl(sequences(maxFhiclDepth)).main).toHaveLength(1)
  })

  test.each([maxFhiclDepth + 1, 10_000, 1_000_000])('refuses %d levels with its error', (depth) => {
    expect(failure(tables(depth)).expected).toMatch(/at most \d+ tables/)
    expect(failure(sequences(depth)).expected).toMatch(/at most \d+ tables/)
  })
})
