import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diff } from '../src/diff.js'
import { type JsonValue, jsonEqual } from '../src/json.js'
import { applyPatch, type JsonPatchOperation } from '../src/json-patch.js'
import { parsePointer } from '../src/json-path.js'
import { type MergeConflict, merge } from '../src/merge.js'
import { jsonDocument, jsonValue } from './json-arbitrary.js'

/** Two edits of one document: each is the base with some of the changes that lead to another document. */
const edits = fc
  .tuple(jsonDocument, jsonDocument, jsonDocument, fc.infiniteStream(fc.boolean()))
  .map(([base, one, other, choices]): [JsonValue, JsonValue, JsonValue] => [
    base,
    withSome(base, one, choices),
    withSome(base, other, choices),
  ])
const three = fc.oneof(
  edits,
  fc.tuple(jsonDocument, jsonDocument, jsonDocument),
  fc.tuple(jsonValue, jsonValue, jsonValue),
)
const many = { numRuns: 1000 }

describe('merge()', () => {
  test('with one side unchanged is the other side, also when the unchanged side is a copy', () => {
    fc.assert(
      fc.property(three, ([base, changed]) => {
        for (const unchanged of [base, structuredClone(base)]) {
          for (const result of [merge(base, changed, unchanged), merge(base, unchanged, changed)]) {
            expect(jsonEqual(result.merged, changed)).toBe(true)
            expect(result.conflicts).toStrictEqual([])
          }
        }
      }),
      many,
    )
  })

  test('of the same edit twice is that edit', () => {
    fc.assert(
      fc.property(three, ([base, changed]) => {
        expect(
          isDeepStrictEqual(merge(base, changed, structuredClone(changed)), { merged: changed, conflicts: [] }),
        ).toBe(true)
      }),
      many,
    )
  })

  test('finds the same conflicts from either side, and the same document when there are none', () => {
    fc.assert(
      fc.property(three, ([base, ours, theirs]) => {
        const here = merge(base, ours, theirs)
        const there = merge(base, theirs, ours)
        expect(byPath(here.conflicts)).toStrictEqual(byPath(there.conflicts.map(swapped)))
        if (here.conflicts.length === 0) expect(jsonEqual(here.merged, there.merged)).toBe(true)
      }),
      many,
    )
  })

  test('keeps ours at each conflict, and lists what the three sides have there', () => {
    let found = 0
    fc.assert(
      fc.property(three, ([base, ours, theirs]) => {
        const { merged, conflicts } = merge(base, ours, theirs)
        for (const conflict of conflicts) {
          found += 1
          const at = parsePointer(conflict.path)
          expect(jsonEqualOrAbsent(valueAt(merged, at), valueAt(ours, at))).toBe(true)
          expect(jsonEqualOrAbsent(conflict.base, valueAt(base, at))).toBe(true)
          expect(jsonEqualOrAbsent(conflict.ours, valueAt(ours, at))).toBe(true)
          expect(jsonEqualOrAbsent(conflict.theirs, valueAt(theirs, at))).toBe(true)
          expect(jsonEqualOrAbsent(conflict.ours, conflict.theirs)).toBe(false)
        }
      }),
      many,
    )
    expect(found).toBeGreaterThan(100)
  })

  test('holds every change of theirs that is not in conflict', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat(3)), fc.dictionary(fc.string(), fc.nat(3)), (base, theirs) => {
        const ours = { ...base, 'only ours': true }
        const { merged, conflicts } = merge(base, ours, theirs)
        expect(conflicts).toStrictEqual([])
        expect(jsonEqual(merged, { ...theirs, 'only ours': true })).toBe(true)
      }),
    )
  })
})

function withSome(base: JsonValue, target: JsonValue, choices: fc.Stream<boolean>): JsonValue {
  let document = base
  for (const operation of diff(base, target)) {
    if (choices.next().value === true) document = tryApply(document, operation)
  }
  return document
}

/** Indices of arrays have moved when an operation before it was left out. */
function tryApply(document: JsonValue, operation: JsonPatchOperation): JsonValue {
  try {
    return applyPatch(document, [operation])
  } catch {
    return document
  }
}

function valueAt(document: JsonValue, segments: readonly string[]): JsonValue | undefined {
  let node: JsonValue | undefined = document
  for (const segment of segments) {
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, segment)) return undefined
    node = (node as Record<string, JsonValue>)[segment]
  }
  return node
}

function jsonEqualOrAbsent(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a === undefined || b === undefined ? a === b : jsonEqual(a, b)
}

function byPath(conflicts: readonly MergeConflict[]): string[] {
  return conflicts.map((conflict) => JSON.stringify(conflict)).sort()
}

function swapped({ path, base, ours, theirs }: MergeConflict): MergeConflict {
  return {
    path,
    ...(base === undefined ? {} : { base }),
    ...(theirs === undefined ? {} : { ours: theirs }),
    ...(ours === undefined ? {} : { theirs: ours }),
  }
}
