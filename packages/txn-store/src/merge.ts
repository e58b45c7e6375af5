import { getMember, isJsonObject, type JsonObject, type JsonValue, jsonEqual, setMember } from './json.js'
import { formatPointer } from './json-path.js'
import { mergeArrays } from './merge-arrays.js'

/** One place that both sides changed in different ways. A side that does not have the place leaves its property out. */
export interface MergeConflict {
  /** JSON pointer. */
  readonly path: string
  readonly base?: JsonValue
  readonly ours?: JsonValue
  readonly theirs?: JsonValue
}

export interface MergeResult {
  /** The merged document; where there is a conflict, it is as in `ours`. */
  readonly merged: JsonValue
  /** Empty when everything could be merged. */
  readonly conflicts: readonly MergeConflict[]
}

/**
 * Joins two edits of one document: what only one side changed, added or removed is taken from it, and the same change on both sides is taken once.
 * None of the three is changed; the result shares parts with them.
 *
 * Objects are merged key by key, also one that both sides added. An array that both sides changed is merged when they changed separate stretches of
 * it; what both put into the same gap (two appends, say) has no right order and is a conflict of the whole array, as is any other overlap. Removing
 * against changing is a conflict. The order of keys does not count as a change; keys stand as in `ours`, those that only `theirs` has after them.
 *
 * @example
 * merge({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 3, c: 4 }) // { merged: { a: 2, b: 3, c: 4 }, conflicts: [] }
 * merge({ a: 1 }, { a: 2 }, { a: 3 }) // { merged: { a: 2 }, conflicts: [{ path: '/a', base: 1, ours: 2, theirs: 3 }] }
 */
export function merge(base: JsonValue, ours: JsonValue, theirs: JsonValue): MergeResult {
  const conflicts: MergeConflict[] = []
  const merged = mergeValue(conflicts, '', { base, ours, theirs })
  if (merged === undefined) throw new Error('A document that all three sides have cannot be merged away')
  return { merged, conflicts }
}

/** One place on the three sides; `undefined` where a side does not have it. */
interface Place {
  readonly base: JsonValue | undefined
  readonly ours: JsonValue | undefined
  readonly theirs: JsonValue | undefined
}

function mergeValue(conflicts: MergeConflict[], path: string, place: Place): JsonValue | undefined {
  const { base, ours, theirs } = place
  if (ours === theirs || base === theirs) return ours
  if (base === ours) return theirs
  // Objects first: comparing them whole at each level would look at every leaf as often as it is deep.
  if (isJsonObject(ours) && isJsonObject(theirs) && (base === undefined || isJsonObject(base))) {
    return mergeObjects(conflicts, path, base ?? {}, ours, theirs)
  }
  if (same(ours, theirs) || same(base, theirs)) return ours
  if (same(base, ours)) return theirs
  if (Array.isArray(base) && Array.isArray(ours) && Array.isArray(theirs)) {
    const merged = mergeArrays(base, ours, theirs)
    if (merged !== undefined) return merged
  }
  conflicts.push({ path, ...present('base', base), ...present('ours', ours), ...present('theirs', theirs) })
  return ours
}

function mergeObjects(
  conflicts: MergeConflict[],
  path: string,
  base: JsonObject,
  ours: JsonObject,
  theirs: JsonObject,
): JsonObject {
  const merged: JsonObject = {}
  let isOurs = true
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const place = { base: getMember(base, key), ours: getMember(ours, key), theirs: getMember(theirs, key) }
    const value = mergeValue(conflicts, path + formatPointer([key]), place)
    if (value !== place.ours) isOurs = false
    if (value !== undefined) setMember(merged, key, value)
  }
  return isOurs ? ours : merged
}

function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a !== undefined && b !== undefined && jsonEqual(a, b)
}

function present<K extends 'base' | 'ours' | 'theirs'>(
  side: K,
  value: JsonValue | undefined,
): { [P in K]?: JsonValue } {
  return value === undefined ? {} : ({ [side]: value } as { [P in K]?: JsonValue })
}
