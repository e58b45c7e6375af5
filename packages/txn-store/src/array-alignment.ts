import { getMember, isJsonObject, type JsonArray, type JsonValue, jsonEqual } from './json.js'

/** A stretch where two arrays differ: items `start` to `end` of the first became items `otherStart` to `otherEnd` of the second; either may be empty. */
export interface ArrayHunk {
  readonly start: number
  readonly end: number
  readonly otherStart: number
  readonly otherEnd: number
}

/**
 * More removed and added items than this are not sorted out one by one: the whole stretch between the first and the last difference is one hunk then.
 * The record of the search takes four bytes times the square of it.
 */
const MAX_EDITS = 500
/** Comparisons after which the search gives up in the same way; only long arrays of few different values come here. */
const MAX_STEPS = 20_000_000

/**
 * Finds where two arrays differ, in ascending order; everything between the hunks is equal. As few items as possible are in hunks, within the limits
 * above. The answer depends on the values only, not on who shares references with whom.
 */
export function alignArrays(before: JsonArray, after: JsonArray): ArrayHunk[] {
  const head = countEqualHead(before, after)
  const tail = countEqualTail(before, after, head)
  const middle = { start: head, end: before.length - tail, otherStart: head, otherEnd: after.length - tail }
  const removed = middle.end - middle.start
  const added = middle.otherEnd - middle.otherStart
  if (removed === 0 && added === 0) return []
  if (removed === 0 || added === 0 || (removed === 1 && added === 1)) return [middle]
  if (Math.abs(removed - added) > MAX_EDITS) return [middle]
  const numbers = new ItemNumbers()
  const hunks = findShortestEdit(
    numbers.of(before.slice(middle.start, middle.end)),
    numbers.of(after.slice(middle.otherStart, middle.otherEnd)),
  )
  if (hunks === undefined) return [middle]
  return hunks.map((hunk) => ({
    start: hunk.start + head,
    end: hunk.end + head,
    otherStart: hunk.otherStart + head,
    otherEnd: hunk.otherEnd + head,
  }))
}

function countEqualHead(a: JsonArray, b: JsonArray): number {
  const limit = Math.min(a.length, b.length)
  let count = 0
  while (count < limit && equalItems(a[count], b[count])) count += 1
  return count
}

function countEqualTail(a: JsonArray, b: JsonArray, head: number): number {
  const limit = Math.min(a.length, b.length) - head
  let count = 0
  while (count < limit && equalItems(a[a.length - 1 - count], b[b.length - 1 - count])) count += 1
  return count
}

function equalItems(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  return a !== undefined && b !== undefined && jsonEqual(a, b)
}

/** Gives equal items the same number, so that each is looked into once and not at every comparison. */
class ItemNumbers {
  readonly #byReference = new Map<JsonValue, number>()
  readonly #byText = new Map<string, number>()

  of(items: JsonArray): Int32Array {
    return Int32Array.from(items, (item) => this.#numberOf(item))
  }

  #numberOf(item: JsonValue): number {
    const known = this.#byReference.get(item)
    if (known !== undefined) return known
    const text = canonicalText(item)
    const number = this.#byText.get(text) ?? this.#byText.size
    this.#byText.set(text, number)
    this.#byReference.set(item, number)
    return number
  }
}

/** JSON text that is the same for equal values, whatever the order of their keys. */
function canonicalText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`
  if (!isJsonObject(value)) return JSON.stringify(value)
  const members = Object.keys(value).sort()
  return `{${members.map((key) => `${JSON.stringify(key)}:${canonicalText(getMember(value, key) ?? null)}`).join()}}`
}

/**
 * The greedy shortest edit search: `reach` holds for each diagonal (position in `a` minus position in `b`) how far in `a` one gets with the edits so
 * far. `undefined` when it takes too many edits or too long.
 */
function findShortestEdit(a: Int32Array, b: Int32Array): ArrayHunk[] | undefined {
  const maxEdits = Math.min(a.length + b.length, MAX_EDITS)
  const origin = maxEdits + 1
  const reach = new Int32Array(2 * origin + 1)
  const rounds: Int32Array[] = []
  let steps = 0
  for (let edits = 0; edits <= maxEdits; edits += 1) {
    rounds.push(reach.slice(origin - edits - 1, origin + edits + 2))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = nextStart(reach, origin, diagonal, edits).x
      const start = x
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1
      steps += x - start
      reach[origin + diagonal] = x
      if (x >= a.length && x - diagonal >= b.length) return traceBack(rounds, a.length, b.length)
    }
    if (steps > MAX_STEPS) return undefined
  }
  return undefined
}

/** Whether the edit before a diagonal added an item (from the diagonal above) or removed one, and where in `a` one is after it. */
function nextStart(
  reach: Int32Array,
  origin: number,
  diagonal: number,
  edits: number,
): { readonly added: boolean; readonly x: number } {
  const below = reach[origin + diagonal - 1] ?? 0
  const above = reach[origin + diagonal + 1] ?? 0
  const added = diagonal === -edits || (diagonal !== edits && below < above)
  return { added, x: added ? above : below + 1 }
}

function traceBack(rounds: readonly Int32Array[], aLength: number, bLength: number): ArrayHunk[] {
  const hunks: ArrayHunk[] = []
  let diagonal = aLength - bLength
  for (const [edits, reach] of [...rounds.entries()].reverse()) {
    if (edits === 0) break
    const { added, x } = nextStart(reach, edits + 1, diagonal, edits)
    const y = x - diagonal
    const edit = { start: added ? x : x - 1, end: x, otherStart: added ? y - 1 : y, otherEnd: y }
    const next = hunks.at(-1)
    if (next !== undefined && next.start === edit.end && next.otherStart === edit.otherEnd) {
      hunks[hunks.length - 1] = { ...next, start: edit.start, otherStart: edit.otherStart }
    } else {
      hunks.push(edit)
    }
    diagonal += added ? 1 : -1
  }
  return hunks.reverse()
}
