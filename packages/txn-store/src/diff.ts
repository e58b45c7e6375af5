import { alignArrays } from './array-alignment.js'
import { getMember, isJsonObject, type JsonArray, type JsonObject, type JsonValue } from './json.js'
import type { JsonPatchOperation } from './json-patch.js'
import { formatPointer } from './json-path.js'

/**
 * Finds a JSON Patch (RFC 6902) that turns one document into another: `applyPatch(before, diff(before, after))` equals `after`. Empty exactly when
 * they are equal. The order of an object's keys is not a difference: applying keeps the order of `before`, and new keys come last.
 *
 * Parts that are the same reference on both sides are not looked into, so comparing a document with a changed draft of it costs about as much as the
 * change. Arrays are compared by their items, an inserted item being one `add`; where hundreds of items were removed and added, item by item in
 * place. Objects that share no key are replaced whole. The patch holds parts of `after` itself, not copies.
 *
 * @example diff({ a: 1, b: [1, 3] }, { a: 2, b: [1, 2, 3] })
 * // [{ op: 'replace', path: '/a', value: 2 }, { op: 'add', path: '/b/1', value: 2 }]
 */
export function diff(before: JsonValue, after: JsonValue): JsonPatchOperation[] {
  const patch: JsonPatchOperation[] = []
  addDifferences(patch, '', before, after)
  return patch
}

function addDifferences(patch: JsonPatchOperation[], path: string, before: JsonValue, after: JsonValue): void {
  if (before === after) return
  if (Array.isArray(before) && Array.isArray(after)) {
    addArrayDifferences(patch, path, before, after)
  } else if (isJsonObject(before) && isJsonObject(after) && !areStrangers(before, after)) {
    addObjectDifferences(patch, path, before, after)
  } else {
    patch.push({ op: 'replace', path, value: after })
  }
}

/** Both have keys, and not one in common. */
function areStrangers(before: JsonObject, after: JsonObject): boolean {
  const keys = Object.keys(before)
  return keys.length > 0 && Object.keys(after).length > 0 && !keys.some((key) => Object.hasOwn(after, key))
}

function addObjectDifferences(patch: JsonPatchOperation[], path: string, before: JsonObject, after: JsonObject): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) patch.push({ op: 'remove', path: path + formatPointer([key]) })
  }
  for (const key of Object.keys(after)) {
    const value = getMember(after, key)
    if (value === undefined) continue
    const old = getMember(before, key)
    if (old === value) continue
    const at = path + formatPointer([key])
    if (old === undefined) patch.push({ op: 'add', path: at, value })
    else addDifferences(patch, at, old, value)
  }
}

function addArrayDifferences(patch: JsonPatchOperation[], path: string, before: JsonArray, after: JsonArray): void {
  /** How far the items after the hunks so far have moved. */
  let shift = 0
  for (const { start, end, otherStart, otherEnd } of alignArrays(before, after)) {
    const changed = Math.min(end - start, otherEnd - otherStart)
    const at = start + shift
    for (let item = 0; item < changed; item += 1) {
      const old = before[start + item]
      const value = after[otherStart + item]
      if (old !== undefined && value !== undefined) addDifferences(patch, `${path}/${at + item}`, old, value)
    }
    for (let item = end - 1; item >= start + changed; item -= 1) {
      patch.push({ op: 'remove', path: `${path}/${item + shift}` })
    }
    for (const [item, value] of after.slice(otherStart + changed, otherEnd).entries()) {
      patch.push({ op: 'add', path: `${path}/${at + changed + item}`, value })
    }
    shift += otherEnd - otherStart - (end - start)
  }
}
