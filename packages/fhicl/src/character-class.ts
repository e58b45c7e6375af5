/**
 * What may follow a token. FHiCL tokens are not simply separated by blanks: each kind has its own set of characters
 * that end it, and a token that is followed by anything else is not that kind of token.
 */
const visible = Array.from({ length: 0x7f - 0x21 }, (_, index) => String.fromCharCode(0x21 + index))

/** Ends a word that begins with a digit. */
const endsWord = endings('#/,]}')
/** Ends a number; `)` is there for complex numbers. */
const endsNumber = endings('#/,]})')
/** Ends a name or a bare word. */
const endsName = endings('#/,]}.[:')
/** Ends a quoted string, a truth value and `@nil`: a comment needs a blank before it. */
const endsClosed = endings(',]}')
/** Ends `infinity`. */
const endsInfinity = endings(',]})')

export type Ending = 'word' | 'number' | 'name' | 'closed' | 'infinity'

const tables: Readonly<Record<Ending, Uint8Array>> = {
  word: endsWord,
  number: endsNumber,
  name: endsName,
  closed: endsClosed,
  infinity: endsInfinity,
}

/** True when the character at `offset`, or the end of the text, may follow a token of this kind. */
export function endsToken(ending: Ending, text: string, offset: number): boolean {
  return offset >= text.length || tables[ending][text.charCodeAt(offset)] === 1
}

/** True for A-Z, a-z, 0-9 and `_`. */
export function isWordCharacter(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f
  )
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Blanks, control characters and the given visible characters. */
function endings(characters: string): Uint8Array {
  const table = new Uint8Array(128).fill(1)
  for (const character of visible) table[character.charCodeAt(0)] = characters.includes(character) ? 1 : 0
  return table
}
