import type { FhiclDocument, FhiclNode, JsonObject, JsonValue } from '@holdfast/fhicl'
import {
  documentFromJson,
  documentToJson,
  exportStoredDocument,
  getPath,
  jsonObject,
  parseDatabaseJson,
  readFhicl,
  stringifyDatabaseJson,
  stringifyStoredDocument,
  writeFhicl,
} from '@holdfast/fhicl'
import { describe, expect, test } from 'vitest'

const text = `# rates
rate: 0x1F # per crate
path: "a\\\\b \\"c\\""
BEGIN: x
crates @protect_ignore: [ [1, 2], {id: 7} ] // two
rate: "again"
`

const stored = `{
"document" : {
"data" : {
"prolog" : {

},
"main" : {
"rate" : "0x1F",
"path" : "a\\\\\\\\b \\\\\\"c\\\\\\"",
"BEGIN" : "x",
"crates" : [
[
"1",
"2"
],
{
"id" : "7"
}
],
"rate" : "again"
}
},
"metadata" : {
"prolog" : {
"type" : "table",
"comment" : "#prolog",
"children" : {

}
},
"main" : {
"type" : "table",
"comment" : "#main",
"children" : {
"rate" : {
"type" : "number",
"comment" : "# rates",
"annotation" : "# per crate"
},
"path" : {
"type" : "string_doublequoted",
"comment" : "# per crate",
"annotation" : ""
},
"BEGIN" : {
"type" : "string_unquoted",
"comment" : "",
"annotation" : ""
},
"crates" : {
"type" : "sequence",
"comment" : "",
"annotation" : "// two",
"protection" : "@protect_ignore",
"children" : {
"0" : {
"type" : "sequence",
"comment" : "",
"annotation" : "// two",
"children" : {
"0" : {
"type" : "number",
"comment" : "",
"annotation" : "// two"
},
"1" : {
"type" : "number",
"comment" : "",
"annotation" : "// two"
}
}
},
"1" : {
"type" : "table",
"comment" : "",
"children" : {
"id" : {
"type" : "number",
"comment" : "",
"annotation" : "// two"
}
}
}
}
},
"rate" : {
"type" : "string_doublequoted",
"comment" : "",
"annotation" : ""
}
}
}
},
"search" : [

]
},
"comments" : [
{
"linenum" : 1,
"value" : "# rates"
},
{
"linenum" : 2,
"value" : "# per crate"
},
{
"linenum" : 5,
"value" : "// two"
}
],
"version" : "7/standard"
}`

const version = { key: 'version', value: '7/standard' }

function main(data: JsonValue, children: JsonValue): JsonObject {
  const empty = jsonObject([])
  const section = (value: JsonValue) => jsonObject([['children', value]])
  const both = (prolog: JsonValue, value: JsonValue) =>
    jsonObject([
      ['prolog', prolog],
      ['main', value],
    ])
  return jsonObject([
    [
      'document',
      jsonObject([
        ['data', both(empty, data)],
        ['metadata', both(section(empty), section(children))],
      ]),
    ],
  ])
}

function meta(type: string, more: Record<string, JsonValue> = {}): JsonObject {
  return jsonObject([['type', type], ['comment', ''], ['annotation', ''], ...Object.entries(more)])
}

describe('the stored form of a document', () => {
  test('stringifyStoredDocument() writes it byte by byte', () => {
    expect(stringifyStoredDocument(readFhicl(text), [version])).toBe(stored)
  })

  test('documentToJson() builds the same as objects', () => {
    const { document, comments } = documentToJson(readFhicl(text))
    expect(
      stringifyDatabaseJson({
        members: [{ key: 'document', value: document }, { key: 'comments', value: comments }, version],
      }),
    ).toBe(stored)
  })

  test('documentFromJson() reads the document back', () => {
    expect(documentFromJson(parseDatabaseJson(stored))).toEqual(readFhicl(text))
  })

  test('exportStoredDocument() writes the FHiCL text, from text and from bytes', () => {
    expect(exportStoredDocument(stored)).toBe(writeFhicl(readFhicl(text)))
    expect(exportStoredDocument(Buffer.from(stored))).toBe(writeFhicl(readFhicl(text)))
  })

  test.each([1, 9, 10, 11, 100, 101, 1023, 1024, 1025, 1500, 12_345, 131_072, 131_073])(
    'a list of %i numbers is written element by element and read back',
    (count) => {
      const document = readFhicl(`a: [${Array.from({ length: count }, (_, index) => index * 7).join(', ')}]`)
      const { document: parts, comments } = documentToJson(document)
      const members = [
        { key: 'document', value: parts },
        { key: 'comments', value: comments },
      ]
      const written = stringifyStoredDocument(document, [])
      expect(written === stringifyDatabaseJson({ members })).toBe(true)
      expect(exportStoredDocument(written) === writeFhicl(document)).toBe(true)
    },
  )

  test('a document without comments says so and reads back without', () => {
    const json = parseDatabaseJson(stringifyStoredDocument(readFhicl('a: 1'), []))
    expect(getPath(json, 'comments')).toEqual([
      jsonObject([
        ['linenum', 0],
        ['value', 'No comments'],
      ]),
    ])
    expect(documentFromJson(json).comments).toEqual([])
  })

  test('a prolog and the main part keep the same key apart', () => {
    const document = readFhicl('BEGIN_PROLOG a: "p" # q\nEND_PROLOG\na: [1]')
    expect(documentFromJson(parseDatabaseJson(stringifyStoredDocument(document, [])))).toEqual(document)
  })
})

describe('documentFromJson()', () => {
  test('gives each duplicate its own metadata, also when the order differs', () => {
    const data = jsonObject([
      ['a', '1'],
      ['b', 'x'],
      ['a', ['1', '2', '3']],
    ])
    const items = jsonObject(['0', '1', '2'].map((key) => [key, meta('number')] as const))
    const children = jsonObject([
      ['b', meta('string_doublequoted')],
      ['a', meta('number')],
      ['a', meta('sequence', { children: items })],
    ])
    expect(writeFhicl(documentFromJson(main(data, children)))).toBe('\na: 1 \n\nb: "x" \n\na: [1, 2, 3] \n')
  })

  test('reads values of edited documents', () => {
    const data = jsonObject([
      ['n', 5],
      ['b', true],
      ['s', 'two words'],
      ['w', 'word'],
      ['t', '/a/b'],
    ])
    const children = jsonObject([
      ['n', meta('number')],
      ['b', meta('bool', { protection: '@none' })],
      ['s', meta('string')],
      ['w', meta('string')],
      ['t', meta('table')],
    ])
    expect(writeFhicl(documentFromJson(main(data, children)))).toBe(
      '\nn: 5 \n\nb: true \n\ns: "two words" \n\nw: word \n\nt: "/a/b" \n',
    )
  })

  test.each<[string, JsonObject, RegExp]>([
    ['no data', jsonObject([]), /"document\.data\.prolog" is not an object/],
    ['no metadata for a key', main(jsonObject([['a', '1']]), jsonObject([])), /"a" has no metadata/],
    [
      'no metadata for an element',
      main(jsonObject([['a', ['1']]]), jsonObject([['a', meta('sequence', { children: jsonObject([]) })]])),
      /"a\.0" has no metadata/,
    ],
    [
      'a type for another value',
      main(jsonObject([['a', ['1']]]), jsonObject([['a', meta('number')]])),
      /"a" is an array/,
    ],
    ['no type', main(jsonObject([['a', '1']]), jsonObject([['a', jsonObject([['comment', '']])]])), /"a" has no type/],
    ['an unknown type', main(jsonObject([['a', '1']]), jsonObject([['a', meta('blob')]])), /"a" is a single value/],
    [
      'a comment that is no text',
      main(
        jsonObject([['a', '1']]),
        jsonObject([
          [
            'a',
            jsonObject([
              ['type', 'number'],
              ['comment', 1],
            ]),
          ],
        ]),
      ),
      /"comment" is no string/,
    ],
    [
      'an unknown protection',
      main(jsonObject([['a', '1']]), jsonObject([['a', meta('number', { protection: '@x' })]])),
      /"@x"/,
    ],
  ])('refuses a document with %s', (_, json, message) => {
    expect(() => documentFromJson(json, { source: 'd.json' })).toThrow(
      expect.objectContaining({
        code: 'ERR_FHICL_DOCUMENT',
        message: expect.stringMatching(message),
        source: 'd.json',
      }),
    )
  })

  test('refuses 10,000 levels with its error, and so do the ways to JSON', () => {
    let data: JsonValue = '1'
    let metadata = meta('number')
    let node: FhiclNode = { kind: 'number', text: '1', comment: '', annotation: '' }
    for (let depth = 0; depth < 10_000; depth++) {
      data = [data]
      metadata = meta('sequence', { children: jsonObject([['0', metadata]]) })
      node = { kind: 'sequence', elements: [node], comment: '', annotation: '' }
    }
    const document: FhiclDocument = { prolog: [], main: [{ key: 'a', value: node }], comments: [] }
    const refusal = expect.objectContaining({ code: 'ERR_FHICL_DOCUMENT' })
    expect(() => documentFromJson(main(jsonObject([['a', data]]), jsonObject([['a', metadata]])))).toThrow(refusal)
    expect(() => documentToJson(document)).toThrow(refusal)
    expect(() => stringifyStoredDocument(document, [])).toThrow(refusal)
  })

  test('brings the deepest readable text back', () => {
    const document = readFhicl(`a: ${'{a: ['.repeat(250)}1${']}'.repeat(250)}`)
    expect(writeFhicl(documentFromJson(parseDatabaseJson(stringifyStoredDocument(document, []))))).toBe(
      writeFhicl(document),
    )
  })
})
