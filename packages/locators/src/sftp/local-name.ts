import { createHash } from 'node:crypto'

const MAX_SEGMENT_BYTES = 200
const MAX_NAME_BYTES = 2000
const DIGEST_LENGTH = 32
// Control characters, what shells, Windows and URLs take for something else, and characters that turn the direction of text or break its lines.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f%\\:*?"<>|\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|^\.|[. ]$/gu

/**
 * A relative path for a remote one, below which nothing escapes: no `..`, no leading `/`, no control characters, no hidden names, no segment too long for a
 * file system. Two remote paths never have the same one; plain names stay as they are.
 *
 * Different letter cases stay different names, which is not enough on a file system that takes them for the same.
 *
 * @example localName('doc/cor/20250829c.txt') // 'doc/cor/20250829c.txt'
 * @example localName('../a\nb') // '%2E%2E/a%0Ab'
 */
export function localName(remotePath: string): string {
  const name = remotePath.split('/').map(safeSegment).join('/')
  return Buffer.byteLength(name) > MAX_NAME_BYTES ? `%~${digest(remotePath)}` : name
}

/** A percent sign is always encoded, so that what follows one is ours: two digits, nothing for an empty segment, `~` for a long one. */
function safeSegment(segment: string): string {
  if (segment === '') return '%'
  const safe = segment.normalize('NFC') === segment ? encode(segment) : encodeAll(segment)
  if (Buffer.byteLength(safe) <= MAX_SEGMENT_BYTES) return safe
  return `${cutToBytes(safe, MAX_SEGMENT_BYTES - DIGEST_LENGTH - 2)}%~${digest(segment)}`
}

function encode(segment: string): string {
  return segment.replace(UNSAFE, encodeAll)
}

function encodeAll(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')
}

/** Neither a character nor an encoded byte is cut in two. */
function cutToBytes(text: string, maxBytes: number): string {
  const cut = Buffer.from(text)
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\ufffd+$/, '')
  return cut.replace(/%[0-9A-F]?$/, '')
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_LENGTH)
}
