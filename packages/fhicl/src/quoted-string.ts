/** A quoted string at an offset, or why there is none. */
export type QuotedString =
  | { readonly end: number }
  | { readonly problem: 'unclosed' | 'escape' | 'control'; readonly offset: number }

// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters the database takes in a string
const plainDouble = /"[^"\\\x00-\x08\x0b-\x1f\x7f]*"/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: the characters the database takes in a string
const controlCharacter = /[\x00-\x08\x0b-\x1f\x7f]/

/**
 * Finds the end of a string in single quotes: everything up to the next single quote. Control characters other than
 * LF and tab are a problem, as the database refuses them.
 */
export function singleQuotedAt(text: string, start: number): QuotedString {
  const close = text.indexOf("'", start + 1)
  if (close === -1) return { problem: 'unclosed', offset: start }
  const control = text.slice(start, close).search(controlCharacter)
  return control === -1 ? { end: close + 1 } : { problem: 'control', offset: start + control }
}

/**
 * Finds the end of a string in double quotes. A quote with a backslash before it does not end the string, whatever
 * stands before that backslash: `"x\\"` is still open after its last character.
 */
export function doubleQuotedAt(text: string, start: number): QuotedString {
  plainDouble.lastIndex = start
  if (plainDouble.test(text)) return { end: plainDouble.lastIndex }
  let close = text.indexOf('"', start + 1)
  while (close !== -1 && text.charCodeAt(close - 1) === 0x5c) close = text.indexOf('"', close + 1)
  if (close === -1) return { problem: 'unclosed', offset: start }
  const content = text.slice(start + 1, close)
  const wrong = wrongEscapeIn(content)
  if (wrong !== -1) return { problem: 'escape', offset: start + 1 + wrong }
  const control = content.search(controlCharacter)
  return control === -1 ? { end: close + 1 } : { problem: 'control', offset: start + 1 + control }
}

/** Only `\"`, `\'`, `\\`, `\n` and `\t` are known. */
function wrongEscapeIn(content: string): number {
  for (let at = content.indexOf('\\'); at !== -1; at = content.indexOf('\\', at + 2)) {
    if (!'"\'\\nt'.includes(content.charAt(at + 1))) return at
  }
  return -1
}
