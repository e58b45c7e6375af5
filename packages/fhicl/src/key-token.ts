import { endsToken, isDigit, isWordCharacter } from './character-class.js'
import type { FhiclCursor } from './fhicl-cursor.js'
import type { FhiclProtection } from './fhicl-document.js'

/**
 * Reads a key and moves behind it; undefined when there is none. At top level a key may consist of several names
 * joined by dots, with blanks around the dots.
 */
export function readKey(cursor: FhiclCursor, dotted: boolean): string | undefined {
  let key = readName(cursor)
  if (key === undefined || !dotted) return key
  for (;;) {
    const { offset, line } = cursor
    if (cursor.text.charCodeAt(offset) !== 0x3a) cursor.skipToInclude()
    const code = cursor.text.charCodeAt(cursor.offset)
    if (code === 0x5b) {
      throw cursor.expected(
        '":" after the key',
        'A single element of a sequence cannot be set here; write the whole sequence',
      )
    }
    if (code !== 0x2e) {
      cursor.offset = offset
      cursor.line = line
      return key
    }
    cursor.offset++
    cursor.skip()
    const name = readName(cursor)
    if (name === undefined) throw cursor.expected('a name after the dot')
    key += `.${name}`
  }
}

/**
 * Reads what binds a key to its value, `:` or a protection with `:` directly behind it, and moves behind it.
 * Returns the protection, '' for none, undefined when there is no binding.
 */
export function readProtection(cursor: FhiclCursor): FhiclProtection | '' | undefined {
  const { text } = cursor
  if (text.charCodeAt(cursor.offset) !== 0x3a) cursor.skip()
  if (text.charCodeAt(cursor.offset) === 0x3a) {
    cursor.offset++
    return ''
  }
  for (const protection of ['@protect_ignore', '@protect_error'] as const) {
    if (text.startsWith(`${protection}:`, cursor.offset)) {
      cursor.offset += protection.length + 1
      return protection
    }
  }
  return undefined
}

function readName(cursor: FhiclCursor): string | undefined {
  const { text, offset } = cursor
  if (isDigit(text.charCodeAt(offset))) return undefined
  let end = offset
  while (isWordCharacter(text.charCodeAt(end))) end++
  if (end === offset || !endsToken('name', text, end)) return undefined
  cursor.offset = end
  return text.slice(offset, end)
}
