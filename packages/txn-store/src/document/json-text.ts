/** The text of JSON values as the document's file has it: indent 2, at the depth where a value stands in it. */
import type { JsonValue } from '../json.js'

/** Makes the text of a value that stands `depth` levels deep; its first line has no indentation. */
export type TextMaker = (value: JsonValue, depth: number) => string

/** Keys in the order of the document. The engine's own writer is several times faster than one in JavaScript. */
export const textInOrder: TextMaker = (value, depth) => {
  const text = JSON.stringify(value, null, 2)
  // Line feeds within strings are escaped, so that each one found begins a line.
  return depth === 0 || typeof value !== 'object' ? text : text.replaceAll('\n', indentation(depth))
}

/** Keys by code point. */
export const textSorted: TextMaker = (value, depth) => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const indent = indentation(depth + 1)
  const isArray = Array.isArray(value)
  const items = isArray
    ? value.map((item) => textSorted(item, depth + 1))
    : sortedKeys(value).map((key) => `${JSON.stringify(key)}: ${textSorted(value[key] ?? null, depth + 1)}`)
  const [open, close] = isArray ? '[]' : '{}'
  if (items.length === 0) return `${open}${close}`
  return `${open}${indent}${items.join(`,${indent}`)}${indentation(depth)}${close}`
}

/** A line feed and the spaces of that level. */
export function indentation(depth: number): string {
  return INDENTATIONS[depth] ?? `\n${'  '.repeat(depth)}`
}

export function sortedKeys(object: object): string[] {
  return Object.keys(object).sort(byCodePoint)
}

/** Whether the text of the value is longer than `limit`, roughly; looks at no more of it than that takes. */
export function isLongerThan(limit: number, value: JsonValue): boolean {
  return rest(limit, value) < 0
}

function rest(limit: number, value: JsonValue): number {
  if (typeof value === 'string') return limit - value.length
  if (typeof value !== 'object' || value === null) return limit - SHORT_LENGTH
  let left = limit
  if (Array.isArray(value)) {
    for (const item of value) {
      left = rest(left - SHORT_LENGTH, item)
      if (left < 0) return left
    }
    return left
  }
  for (const key in value) {
    left = rest(left - key.length - SHORT_LENGTH, value[key] ?? null)
    if (left < 0) return left
  }
  return left
}

const SHORT_LENGTH = 8
const INDENTATIONS: readonly string[] = Array.from({ length: 32 }, (_, depth) => `\n${'  '.repeat(depth)}`)

/** Code units in the order of the characters they stand for: the halves of a pair come after everything else. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit
}
