const escapeSequence = /\\(?:u[\da-fA-F]{4}|.)/gsu
const simpleEscapes: Readonly<Record<string, string>> = {
  '\\"': '"',
  '\\\\': '\\',
  '\\/': '/',
  '\\b': '\b',
  '\\f': '\f',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
}

/** Decodes what stands between the quotes of a string in a database file. Throws what `wrong` makes of the offset of an unknown escape. */
export function decodeJsonString(content: string, wrong: (offset: number) => Error): string {
  return content.replace(escapeSequence, (sequence: string, offset: number) => {
    const character = simpleEscapes[sequence]
    if (character !== undefined) return character
    if (sequence.length === 6) return sequence
    throw wrong(offset)
  })
}

/** True when an odd number of backslashes stands before the quote at `end`. */
export function isEscapedQuote(text: string, start: number, end: number): boolean {
  let first = end
  while (first > start && text.charCodeAt(first - 1) === 0x5c) first--
  return (end - first) % 2 === 1
}
