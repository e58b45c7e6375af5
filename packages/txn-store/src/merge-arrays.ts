import { type ArrayHunk, alignArrays } from './array-alignment.js'
import { type JsonArray, jsonEqual } from './json.js'

interface SideHunk extends ArrayHunk {
  readonly items: JsonArray
}

/**
 * Joins two edits of one array, or returns `undefined` when they get in each other's way.
 *
 * Edits of separate stretches go together. So do two neighbouring edits when at least one keeps the number of items: its items stay in their places,
 * which leaves one possible order. Edits that are the same on both sides are made once.
 */
export function mergeArrays(base: JsonArray, ours: JsonArray, theirs: JsonArray): JsonArray | undefined {
  const hunks = [...hunksOf(base, ours), ...hunksOf(base, theirs)].sort((a, b) => a.start - b.start || a.end - b.end)
  const stretches: JsonArray[] = []
  let previous: SideHunk | undefined
  let at = 0
  for (const hunk of hunks) {
    if (previous !== undefined) {
      if (isSameEdit(previous, hunk)) continue
      if (isInTheWay(previous, hunk)) return undefined
    }
    stretches.push(base.slice(at, hunk.start), hunk.items)
    at = hunk.end
    previous = hunk
  }
  stretches.push(base.slice(at))
  return stretches.flat()
}

function hunksOf(base: JsonArray, side: JsonArray): SideHunk[] {
  return alignArrays(base, side).map((hunk) => ({ ...hunk, items: side.slice(hunk.otherStart, hunk.otherEnd) }))
}

function isSameEdit(a: SideHunk, b: SideHunk): boolean {
  return a.start === b.start && a.end === b.end && jsonEqual(a.items, b.items)
}

/** Whether two edits of one array, the one that starts first given first, overlap or touch without a clear order. */
function isInTheWay(first: SideHunk, second: SideHunk): boolean {
  if (second.start < first.end) return true
  return second.start === first.end && !keepsCount(first) && !keepsCount(second)
}

function keepsCount(hunk: SideHunk): boolean {
  return hunk.items.length === hunk.end - hunk.start
}
