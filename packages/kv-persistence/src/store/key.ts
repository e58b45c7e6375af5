/**
 * A key is a path of segments, written with ":" between them. An array gives the segments, which are encoded, so that what stands in one never
 * looks like two; a string is the written form itself, as `scan` returns it.
 *
 * @example ['errors', 'https://a.example/*'] is written 'errors:https%3A//a.example/%2A'
 */
export type KvKey = string | readonly string[]

/** In bytes of the written form. */
export const MAX_KEY_BYTES = 4096

export function writeKey(key: KvKey): string {
  const written = typeof key === 'string' ? key : writeSegments(key)
  if (written === '') throw new TypeError('A key must not be empty')
  checkWritten(written)
  return written
}

/** The level below which `child` and `scan` look: ends with ":", or is empty for everything. */
export function writeLevel(prefix: KvKey | undefined): string {
  if (prefix === undefined || prefix === '' || (Array.isArray(prefix) && prefix.length === 0)) return ''
  const written = typeof prefix === 'string' ? prefix.replace(/:+$/, '') : writeSegments(prefix)
  if (written === '') throw new TypeError(`A prefix must name a level, not ${JSON.stringify(prefix)}`)
  checkWritten(written)
  return `${written}:`
}

/** The first possible key that no longer starts with `level`, or `undefined` behind everything. */
export function endOfLevel(level: string): string | undefined {
  return level === '' ? undefined : `${level.slice(0, -1)};`
}

/** One segment in its written form. */
export function encodeSegment(segment: string): string {
  if (typeof segment !== 'string') throw new TypeError(`A segment of a key must be a string, not ${typeof segment}`)
  return SPECIAL.test(segment) ? segment.replace(ALL_SPECIAL, escapeCharacter) : segment
}

/** The segments of a written key. */
export function splitKey(key: string): string[] {
  return key.split(':').map(decodeSegment)
}

function writeSegments(segments: readonly string[]): string {
  if (!Array.isArray(segments))
    throw new TypeError(`A key must be text or an array of segments, not ${typeof segments}`)
  return segments.map(encodeSegment).join(':')
}

function decodeSegment(text: string): string {
  return text.replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

// Separators, what patterns give a meaning to, and what a terminal would not show.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SPECIAL = /[%:*?[\]\x00-\x1f\x7f]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const ALL_SPECIAL = /[%:*?[\]\x00-\x1f\x7f]/g

function escapeCharacter(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
}

function checkWritten(written: string): void {
  if (!written.isWellFormed()) throw new TypeError(`A key must be well-formed text: ${JSON.stringify(written)}`)
  if (written.includes('\0')) throw new TypeError('A key written as a string must not hold NUL; give it as an array')
  if (written.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(written) > MAX_KEY_BYTES) {
    throw new RangeError(`A key must have at most ${MAX_KEY_BYTES} bytes, not ${Buffer.byteLength(written)}`)
  }
}
