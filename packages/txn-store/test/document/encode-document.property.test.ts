/** The encoder edits the text of the last time; whatever was encoded before, the text must be the one that is made from nothing. */
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { DocumentEncoder } from '../../src/document/encode-document.js'
import type { JsonObject, JsonValue } from '../../src/json.js'

/** Some texts are long, so that containers are kept in parts. */
const leaf = fc.oneof(
  fc.constantFrom<JsonValue>(null, true, '', 'naïve – 日本 😀', '"\n\t', 'x'.repeat(700), 'y'.repeat(2500), 12, -0.5),
  fc.integer(),
)
const key = fc.constantFrom('a', 'b', 'c', 'ключ', '10', '9', '\u{1f600}', '\uffff', 'with "quotes"')
const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('value'), { maxLength: 8 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}))
const step = fc.record({
  place: fc.array(fc.nat(9), { maxLength: 5 }),
  kind: fc.constantFrom('set', 'insert', 'remove'),
  value,
})
const start = fc.dictionary(key, value, { maxKeys: 8, noNullPrototype: true })

describe('DocumentEncoder', () => {
  test.each([
    { sortKeys: false, expected: (document: JsonObject) => JSON.stringify(document, null, 2) },
    { sortKeys: true, expected: (document: JsonObject) => sortedText(document, '\n') },
  ])('encode() makes the text of each state, sortKeys $sortKeys', ({ sortKeys, expected }) => {
    fc.assert(
      fc.property(start, fc.array(step, { minLength: 1, maxLength: 12 }), (first, steps) => {
        const encoder = new DocumentEncoder({ sortKeys })
        let document = first
        expect(encoder.encode(document).toString()).toBe(expected(document))
        for (const { place, kind, value } of steps) {
          document = change(document, place, kind, value) as JsonObject
          expect(encoder.encode(document).toString()).toBe(expected(document))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('encode() goes on after a document that it could not encode', () => {
    const encoder = new DocumentEncoder()
    const items = Array.from({ length: 50 }, (_, index) => ({ index, text: 'x'.repeat(100) }))
    encoder.encode({ items })
    const bad = { index: 1n } as unknown as JsonObject
    expect(() => encoder.encode({ items: [{ index: 1, text: 'other' }, ...items.slice(1, 9), bad] })).toThrow(TypeError)
    const next = { items: items.toSpliced(3, 2, { index: 0, text: 'new' }) }
    expect(encoder.encode(next).toString()).toBe(JSON.stringify(next, null, 2))
  })
})

/** Changes one place and shares everything else with the value before, as a transaction does. */
function change(container: JsonValue, place: readonly number[], kind: string, value: JsonValue): JsonValue {
  if (typeof container !== 'object' || container === null) return value
  const isArray = Array.isArray(container)
  const entries: [string, JsonValue][] = isArray
    ? container.map((item) => ['', item])
    : Object.entries(container).map(([name, item]) => [name, item])
  const [at = 0, ...deeper] = place
  const index = at % (entries.length + 1)
  const [name, old] = entries[index] ?? ['new', null]
  if (deeper.length > 0 && index < entries.length) entries[index] = [name, change(old, deeper, kind, value)]
  else if (kind === 'insert') entries.splice(index, 0, [`${name}+`, value])
  else if (kind === 'remove') entries.splice(index, 1)
  else entries[index] = [name, value]
  return isArray ? entries.map(([, item]) => item) : Object.fromEntries(entries)
}

/** Like JSON.stringify with indent 2, keys in the order of their UTF-8 bytes, which is that of code points. */
function sortedText(value: JsonValue, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${value.map((item) => inner + sortedText(item, inner)).join(',')}${indent}]`
  }
  const entries = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  if (entries.length === 0) return '{}'
  const members = entries.map(([name, item]) => `${inner}${JSON.stringify(name)}: ${sortedText(item, inner)}`)
  return `{${members.join(',')}${indent}}`
}
