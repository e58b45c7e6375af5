import { endsToken, isDigit, isWordCharacter } from './character-class.js'
import type { FhiclScalarKind } from './fhicl-document.js'

/** A value written without quotes and brackets. */
export interface BareToken {
  readonly kind: FhiclScalarKind
  readonly end: number
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const decimalCharacters = /[\d.+eE-]*/y
const radixNumber = /0(?:[xX][\da-fA-F]+|[bB][01]+)/y
const signedInfinity = /[+-]?infinity/y
const reference = /[\w:.@]+/y

/**
 * Recognises the bare value at an offset, or undefined. The kinds are tried in the order nil, truth value, number,
 * word, reference; the first that is followed by something that may end it wins. So `true#x` is a word, `5e1234abcd`
 * too, and `@local::x` and every other `@` form is kept as a word, because a snippet resolves nothing.
 */
export function bareTokenAt(text: string, start: number): BareToken | undefined {
  const code = text.charCodeAt(start)
  if (isDigit(code)) return digitTokenAt(text, start)
  if (isWordCharacter(code)) return wordTokenAt(text, start)
  if (text.startsWith('@nil', start) && endsToken('closed', text, start + 4)) return { kind: 'nil', end: start + 4 }
  return numberAt(text, start) ?? referenceAt(text, start)
}

/** The number at an offset, which is all a complex number may consist of. */
export function numberAt(text: string, start: number): BareToken | undefined {
  return integerAt(text, start) ?? infinityAt(text, start) ?? decimalAt(text, start) ?? radixNumberAt(text, start)
}

function digitTokenAt(text: string, start: number): BareToken | undefined {
  const number = numberAt(text, start)
  if (number !== undefined) return number
  const end = wordEnd(text, start)
  for (let at = start; at < end; at++) {
    if (!isDigit(text.charCodeAt(at)))
      return endsToken('word', text, end) ? { kind: 'string_unquoted', end } : undefined
  }
  return undefined
}

function wordTokenAt(text: string, start: number): BareToken | undefined {
  const end = wordEnd(text, start)
  const length = end - start
  if ((length === 4 || length === 5) && endsToken('closed', text, end)) {
    if (text.startsWith('true', start) ? length === 4 : length === 5 && text.startsWith('false', start)) {
      return { kind: 'bool', end }
    }
  }
  const infinity = length === 8 ? infinityAt(text, start) : undefined
  if (infinity !== undefined) return infinity
  return endsToken('name', text, end) ? { kind: 'string_unquoted', end } : referenceAt(text, start)
}

function integerAt(text: string, start: number): BareToken | undefined {
  let end = start
  while (isDigit(text.charCodeAt(end))) end++
  return end > start && endsToken('number', text, end) ? { kind: 'number', end } : undefined
}

function infinityAt(text: string, start: number): BareToken | undefined {
  const end = matchEnd(signedInfinity, text, start)
  return end > start && endsToken('infinity', text, end) ? { kind: 'number', end } : undefined
}

function decimalAt(text: string, start: number): BareToken | undefined {
  const end = matchEnd(decimalCharacters, text, start)
  if (end === start || !endsToken('number', text, end)) return undefined
  return decimal.test(text.slice(start, end)) ? { kind: 'number', end } : undefined
}

function radixNumberAt(text: string, start: number): BareToken | undefined {
  const end = matchEnd(radixNumber, text, start)
  return end > start && endsToken('number', text, end) ? { kind: 'number', end } : undefined
}

/** A word with `@`, `:` or `.` in it; ordinary words end at `:` and `.`, so it begins with one of them or has an `@`. */
function referenceAt(text: string, start: number): BareToken | undefined {
  const end = matchEnd(reference, text, start)
  return end > start && endsToken('name', text, end) ? { kind: 'string_unquoted', end } : undefined
}

function wordEnd(text: string, start: number): number {
  let end = start
  while (isWordCharacter(text.charCodeAt(end))) end++
  return end
}

function matchEnd(pattern: RegExp, text: string, start: number): number {
  pattern.lastIndex = start
  return pattern.test(text) ? pattern.lastIndex : start
}
