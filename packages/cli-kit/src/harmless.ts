/**
 * Text from a file or a network that goes to a terminal: what would move the cursor, ring, colour, or turn the direction of writing around is shown as an
 * escape instead, so that the text is one line.
 */
export function harmless(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? escapeOf(character))
}

/** The same for a text of several lines, which it stays. */
export function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

/** A JSON text of the value that is as harmless. Every JSON reader reads the same value from it. With `indent` 0 it is one line. */
export function toHarmlessJson(value: unknown, indent: number = 2): string {
  return harmlessJson(JSON.stringify(value, null, indent) ?? 'null')
}

/** The same for a text that is JSON already. */
export function harmlessJson(json: string): string {
  return json.replace(UNSAFE_IN_JSON, escapeOf)
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
// C0, DEL, C1, line separators, marks and overrides of direction, byte order mark, halves of a surrogate pair.
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g
// JSON.stringify escapes the others itself; the line feeds are between its tokens.
const UNSAFE_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
