import type { FhiclDocument, FhiclNode } from '@holdfast/fhicl'
import { maxFhiclDepth, readFhicl, writeFhicl } from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

function lines(...parts: string[]): string {
  return parts.join('\n')
}

describe('writeFhicl()', () => {
  test.each([
    ['scalars have a line above and a blank behind', 'a: 1 b: x', '\na: 1 \n\nb: x \n'],
    ['quotes are those of the source', `a: "p" b: 'q'`, '\na: "p" \n\nb: \'q\' \n'],
    ['comments and annotations', '# up\na: 1   # behind\n', '# up\na: 1 # behind\n'],
    ['an empty table', 't: {}', '\nt: {\n\n}'],
    ['nothing behind a table', 't: { x: 1 }\n# next\nu: 2', lines('', 't: {', '', 'x: 1 ', '', '}# next', 'u: 2 ', '')],
    ['sequences', 's: [1,"b",[2,[]],{c:3}]', lines('', 's: [1, "b", [2, [] ', '] ', ', {', '', 'c: 3 ', '', '}] ', '')],
    ['protection', 'a @protect_error: 1', '\na @protect_error: 1 \n'],
    [
      'includes',
      '#include "x.fcl"\nt: {\n#include "y.fcl"\n}',
      lines(' ', '#include "x.fcl" ', '', 't: {', ' ', '#include "y.fcl" ', '', '}'),
    ],
    [
      'a prolog',
      'BEGIN_PROLOG\np: 1\nEND_PROLOG\nm: 2',
      lines('BEGIN_PROLOG', '', 'p: 1 ', '', 'END_PROLOG', '', 'm: 2 ', ''),
    ],
    ['a prolog alone', 'BEGIN_PROLOG p: 1 END_PROLOG', lines('BEGIN_PROLOG', '', 'p: 1 ', '', 'END_PROLOG', '')],
    ['an empty prolog is left out', 'BEGIN_PROLOG END_PROLOG a: 1', '\na: 1 \n'],
    ['only comments', '# a\n// b\n', ''],
    ['a complex number in full', 'c: (1, 2)', '\nc: (1, 2) \n'],
    [
      'duplicate keys each in their own form',
      'a: "x" a: [1,2,3] a: {b:1}',
      lines('', 'a: "x" ', '', 'a: [1, 2, 3] ', '', 'a: {', '', 'b: 1 ', '', '}'),
    ],
    ['line ends of DOS files', '# c\r\na: 1\r\n\r\n# d\r\nb: 2\r\n', '# c\na: 1 \n# d\nb: 2 \n'],
  ])('%s', (_, text, expected) => {
    expect(writeFhicl(readFhicl(text))).toBe(expected)
  })

  test('an include name with a quote in it is written in the other quotes', () => {
    expect(writeFhicl(readFhicl(`#include 'a"b.fcl'\n`))).toBe(` \n#include 'a"b.fcl' \n`)
  })

  test('only a numbered pseudo key with a quoted value is an include', () => {
    expect(writeFhicl(readFhicl('fhicl_pound_include_dir: "/x"\nfhicl_pound_include_7: 7'))).toBe(
      '\nfhicl_pound_include_dir: "/x" \n\nfhicl_pound_include_7: 7 \n',
    )
  })

  test('refuses a document that is nested too deeply', () => {
    let value: FhiclNode = { kind: 'number', text: '1', comment: '', annotation: '' }
    for (let depth = 0; depth < 10_000; depth++) {
      value =
        depth % 2 === 0
          ? { kind: 'sequence', elements: [value], comment: '', annotation: '' }
          : { kind: 'table', entries: [{ key: 'a', value }], comment: '' }
    }
    const document: FhiclDocument = { prolog: [], main: [{ key: 'a', value }], comments: [] }
    expect(() => writeFhicl(document)).toThrow(expect.objectContaining({ code: 'ERR_FHICL_DOCUMENT' }))
  })

  test('writes what the deepest readable text gives', () => {
    const text = writeFhicl(readFhicl(`a: ${'{a: '.repeat(maxFhiclDepth)}1${'}'.repeat(maxFhiclDepth)}`))
    expect(writeFhicl(readFhicl(text))).toBe(text)
  })
})
