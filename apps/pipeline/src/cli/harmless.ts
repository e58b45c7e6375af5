/**
 * Text from a state, a log or a file name that goes to a terminal: what would move the cursor, ring, colour, or turn the direction of writing around is shown
 * as an escape instead.
 */
export function harmless(text: string): string {
  return text.replace(CONTROLS, (character) => SHORT[character] ?? escapeOf(character))
}

/** The same for text of several lines. */
export function harmlessLines(text: string): string {
  return text.split('\n').map(harmless).join('\n')
}

/** A JSON text of the value that is as harmless. Every JSON reader reads the same value from it. */
export function toJson(value: unknown, indent: number = 2): string {
  // JSON.stringify has escaped those below U+0020 itself; what line feeds are left are its own.
  return (JSON.stringify(value, null, indent) ?? 'null').replace(CONTROLS_IN_JSON, escapeOf)
}

/** One line of at most so many characters. */
export function shorten(text: string, maxLength: number): string {
  return text.length <= maxLength
    ? text
    : `${text.slice(0, Math.max(0, maxLength - 1)).replace(/[\ud800-\udbff]$/, '')}…`
}

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
// C0, DEL, C1, line separators, marks and overrides of direction, byte order mark.
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
const CONTROLS_IN_JSON = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g
