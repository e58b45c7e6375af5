import type { FhiclDocument, FhiclNode } from '@holdfast/fhicl'
import {
  documentFromJson,
  documentToJson,
  exportStoredDocument,
  FhiclSyntaxError,
  parseDatabaseJson,
  readFhicl,
  stringifyDatabaseJson,
  stringifyStoredDocument,
  writeFhicl,
} from '@holdfast/fhicl'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fhiclText } from './fhicl-arbitrary.js'

/** The document, or undefined when it is refused as FHiCL may be; any other error is a failure. */
function tryRead(text: string): FhiclDocument | undefined {
  try {
    return readFhicl(text)
  } catch (error) {
    if (error instanceof FhiclSyntaxError) return undefined
    throw error
  }
}

/** Only a blank before a comment tells these apart (`@nil#x` is a word), and a rewritten text has one. */
const BARE_KINDS: ReadonlySet<string> = new Set(['number', 'bool', 'nil', 'tableid', 'string_unquoted'])

/** A document without its comments, which a rewritten text may attach elsewhere. */
function bare({ prolog, main }: FhiclDocument): unknown {
  const entries = (list: FhiclDocument['main']) => list.map(({ key, value }) => [key, bareNode(value)])
  const bareNode = (node: FhiclNode): unknown => {
    if (node.kind === 'table') return [node.kind, node.protection, entries(node.entries)]
    const kind = BARE_KINDS.has(node.kind) ? 'bare' : node.kind
    return [kind, node.protection, node.kind === 'sequence' ? node.elements.map(bareNode) : node.text]
  }
  return [entries(prolog), entries(main)]
}

describe('for any text the reader accepts', () => {
  test('the generator makes texts that are accepted', () => {
    const texts = fc.sample(fhiclText({ plainStrings: false }), 200)
    expect(texts.filter((text) => tryRead(text) !== undefined).length).toBeGreaterThan(150)
  })

  test('the written text holds the same values in the same order', () => {
    fc.assert(
      fc.property(fhiclText({ plainStrings: false }), (text) => {
        const document = tryRead(text)
        const written = document === undefined ? '' : writeFhicl(document)
        if (document === undefined || written === '') return
        expect(bare(readFhicl(written))).toEqual(bare(document))
      }),
      { numRuns: 1000 },
    )
  })

  test('written text settles: the third writing changes nothing any more', () => {
    fc.assert(
      fc.property(fhiclText({ plainStrings: true }), (text) => {
        const document = tryRead(text)
        const first = document === undefined ? '' : writeFhicl(document)
        if (first === '') return
        const second = writeFhicl(readFhicl(first))
        expect(writeFhicl(readFhicl(second))).toBe(second)
      }),
      { numRuns: 1000 },
    )
  })

  test('the stored form brings the whole document back, comments included', () => {
    fc.assert(
      fc.property(fhiclText({ plainStrings: false }), (text) => {
        const document = tryRead(text)
        if (document === undefined) return
        const stored = stringifyStoredDocument(document, [])
        const json = parseDatabaseJson(stored)
        expect(stringifyDatabaseJson(json)).toBe(stored)
        const parts = documentToJson(document)
        expect(json.members).toEqual([
          { key: 'document', value: parts.document },
          { key: 'comments', value: parts.comments },
        ])
        expect(documentFromJson(json)).toEqual(document)
        expect(exportStoredDocument(stored)).toBe(writeFhicl(document))
      }),
      { numRuns: 1000 },
    )
  })
})

test('exportStoredDocument() answers a changed text as readers and writer one after the other do', () => {
  const piece = fc.constantFrom('"', '\\', ',', '\n', '}', ']', '{', ' ', '1', '"0" : ', '"type" : "bool"', '\u00e9')
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a: 1', 'b: [1, 2, 30]', 'c: { d: "x" e: [1, {f: 2}] } # g', '# h', 'i: []', 'j: {}'), {
        minLength: 1,
      }),
      fc.nat(),
      fc.nat(3),
      piece,
      (lines, at, removed, inserted) => {
        const stored = stringifyStoredDocument(readFhicl(lines.join('\n')), [{ key: 'version', value: 'v' }])
        const place = at % stored.length
        const changed = stored.slice(0, place) + inserted + stored.slice(place + removed)
        const expected = outcome(() =>
          writeFhicl(documentFromJson(parseDatabaseJson(changed, { source: 's' }), { source: 's' })),
        )
        expect(outcome(() => exportStoredDocument(changed, { source: 's' }))).toEqual(expected)
      },
    ),
    { numRuns: 5000 },
  )
})

function outcome(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}

test('readFhicl() answers any text with a document or its own error', () => {
  const token = fc.constantFrom(
    ...['a', 'b.c', ':', '1', '0x', '-', '"', "'", '\\', '[', ']', '{', '}', '(', ')', ',', '#', '//', '\n', '\r', ' '],
    ...['#include "x"', '#include ', 'BEGIN_PROLOG', 'END_PROLOG', '@nil', '@protect_error:', 'true', '\u00e9', '\0'],
  )
  fc.assert(
    fc.property(
      fc.oneof(
        fc.constantFrom('a:@nil#include ', 'a:true#x', 'a:[1#x\n]'),
        fc.array(token).map((tokens) => tokens.join('')),
        fc.string({ unit: 'binary' }),
      ),
      (text) => {
        const document = tryRead(text)
        if (document === undefined) return
        const written = writeFhicl(document)
        if (written !== '') expect(bare(readFhicl(written))).toEqual(bare(document))
      },
    ),
    { numRuns: 3000 },
  )
})

test('parseDatabaseJson() reads what JSON.stringify() writes', () => {
  const leaf = fc.oneof(fc.stringMatching(/^[ -~\n\t\u00a1-\u00ff]*$/), fc.maxSafeInteger(), fc.boolean())
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(leaf, fc.array(tie('any')), fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('any'))),
  })).any
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), value), fc.constantFrom(0, 2), (object, indent) => {
      const parsed = parseDatabaseJson(JSON.stringify(object, null, indent))
      expect(JSON.parse(stringifyDatabaseJson(parsed))).toEqual(object)
    }),
    { numRuns: 500 },
  )
})
