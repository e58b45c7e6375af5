/** Whatever a ledger holds, its export is what a plain writer makes of it, key by key; and the reader that is made for speed says the same as the ledger. */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLedgerReader } from '../../src/ledger/reader/index.js'
import { openQuietly, writeJson } from './support.js'

const dir = useTempDir()

// Whole numbers come first in an object; of the last two, UTF-16 has the other order.
const key = fc.oneof(
  fc.constantFrom('10', '9', 'b', 'a', '__proto__', 'toJSON', '', '\uffee', '\u{1f600}'),
  fc.string(),
)
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }),
    fc.constantFrom(null, true, false, 'a\nb', '\ud800'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  ),
}))
const map = fc.dictionary(key, fc.dictionary(key, value, { maxKeys: 5 }), { maxKeys: 6 })
const ledger = fc.record({
  others: fc.dictionary(fc.constantFrom('zeta', '7', '__proto__', 'notes'), value),
  processed: map,
  failed: map,
})

test('export() writes the keys of all objects by code point, and nothing else is changed', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async ({ others, processed, failed }) => {
      const path = join(dir(), `${randomUUID()}.json`)
      const document = { ...others, processed, failed, version: 2 }
      writeJson(path, document)
      await using whole = await openQuietly(path)
      await using reader = await openLedgerReader(path)
      const expected = plainText(JSON.parse(JSON.stringify(document)), '\n')
      expect(await reader.export()).toBe(expected)
      expect(await whole.export()).toBe(expected)
      expect(await reader.export({ format: 'csv' })).toBe(await whole.export({ format: 'csv' }))
      expect(await reader.list()).toEqual(await whole.list())
    }),
    { numRuns: 150 },
  )
})

function plainText(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const inner = `${indent}  `
  const [open, close] = Array.isArray(value) ? '[]' : '{}'
  const parts = Array.isArray(value)
    ? value.map((item) => plainText(item, inner))
    : Object.entries(value)
        .sort(([a], [b]) => Buffer.compare(codePointsOf(a), codePointsOf(b)))
        .map(([name, item]) => `${JSON.stringify(name)}: ${plainText(item, inner)}`)
  return parts.length === 0
    ? `${open}${close}`
    : `${open}${parts.map((part) => inner + part).join(',')}${indent}${close}`
}

/** In the order of the code points, lone surrogates included. */
function codePointsOf(text: string): Buffer {
  return Buffer.from(
    [...text].map((character) => (character.codePointAt(0) ?? 0).toString(16).padStart(6, '0')).join(''),
  )
}
