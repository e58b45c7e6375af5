import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { alignArrays } from '../src/array-alignment.js'
import { diff } from '../src/diff.js'
import { type JsonArray, type JsonValue, jsonEqual } from '../src/json.js'
import { applyPatch } from '../src/json-patch.js'
import { jsonDocument, jsonValue } from './json-arbitrary.js'

const pair = fc.oneof(fc.tuple(jsonDocument, jsonDocument), fc.tuple(jsonValue, jsonValue))
const items = fc.array(fc.oneof(fc.constantFrom<JsonValue>(1, 2, 3, '1', null), jsonValue), { maxLength: 12 })

describe('diff()', () => {
  test('gives a patch that leads from one document to the other', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const texts = [JSON.stringify(before), JSON.stringify(after)]
        const patch = diff(before, after)
        const result = applyPatch(before, patch)
        // The matchers of vitest stumble over a key named 'constructor'.
        expect(isDeepStrictEqual(result, after)).toBe(true)
        expect(jsonEqual(result, after)).toBe(true)
        expect(patch.length === 0).toBe(jsonEqual(before, after))
        expect([JSON.stringify(before), JSON.stringify(after)]).toStrictEqual(texts)
      }),
      { numRuns: 2000 },
    )
  })

  test('survives being written as JSON and read again', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const patch = JSON.parse(JSON.stringify(diff(before, after))) as ReturnType<typeof diff>
        expect(isDeepStrictEqual(applyPatch(before, patch), after)).toBe(true)
      }),
    )
  })
})

describe('alignArrays()', () => {
  test('covers every difference, and leaves as many equal items outside as there can be', () => {
    fc.assert(
      fc.property(items, items, (before, after) => {
        const hunks = alignArrays(before, after)
        let at = 0
        let otherAt = 0
        let kept = 0
        for (const { start, end, otherStart, otherEnd } of [...hunks, endOf(before, after)]) {
          expect(start - at).toBe(otherStart - otherAt)
          expect(jsonEqual(before.slice(at, start), after.slice(otherAt, otherStart))).toBe(true)
          kept += start - at
          at = end
          otherAt = otherEnd
        }
        expect(kept).toBe(longestCommon(before, after))
      }),
      { numRuns: 1000 },
    )
  })
})

function endOf(before: JsonArray, after: JsonArray): ReturnType<typeof alignArrays>[number] {
  return { start: before.length, end: before.length, otherStart: after.length, otherEnd: after.length }
}

/** The textbook table: how many items two arrays can keep in common. */
function longestCommon(a: JsonArray, b: JsonArray): number {
  let row = new Array<number>(b.length + 1).fill(0)
  for (const item of a) {
    const next = [0]
    for (const [column, other] of b.entries()) {
      const diagonal = (row[column] ?? 0) + (jsonEqual(item, other) ? 1 : 0)
      next.push(Math.max(diagonal, row[column + 1] ?? 0, next[column] ?? 0))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
