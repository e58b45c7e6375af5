import { Buffer, isAscii } from 'node:buffer'
import { FhiclSyntaxError } from './errors.js'

export interface Position {
  readonly line: number
  readonly column: number
}

const nonAsciiHint =
  'Replace the character by plain ASCII; the database accepts nothing else, neither in strings nor in comments'

/**
 * Turns the input into text with LF line ends. Throws a {@link FhiclSyntaxError} at the first character that is not
 * ASCII.
 */
export function normalizeFhiclText(input: string | Uint8Array, source: string): string {
  const text = typeof input === 'string' ? requireAsciiText(input, source) : requireAsciiBytes(input, source)
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

/** Line and column of an offset into text with LF line ends. */
export function positionAt(text: string, offset: number): Position {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return { line, column: offset - lineStart + 1 }
}

/** A short quotation of what stands at an offset, for error messages. */
export function describeFound(text: string, offset: number): string {
  if (offset >= text.length) return 'the end of the text'
  const start = text.charAt(offset)
  if (start === '\n') return 'the end of the line'
  const code = start.charCodeAt(0)
  if (code < 0x20 || code === 0x7f) return `the control character 0x${code.toString(16).padStart(2, '0')}`
  const excerpt = /^(?:[\w.+-]{1,24}|.)/.exec(text.slice(offset, offset + 24))?.[0] ?? start
  return excerpt === '"' ? `'"'` : `"${excerpt}"`
}

function requireAsciiText(text: string, source: string): string {
  if (Buffer.byteLength(text) === text.length) return text
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what ASCII means
  const offset = text.search(/[^\x00-\x7f]/)
  if (offset === -1) return text
  const code = text.codePointAt(offset) ?? 0
  throw nonAscii(text.slice(0, offset), `"${String.fromCodePoint(code)}" (U+${hex(code, 4)})`, source)
}

function requireAsciiBytes(bytes: Uint8Array, source: string): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (isAscii(buffer)) return buffer.toString('latin1')
  const offset = buffer.findIndex((byte) => byte > 0x7f)
  const [character = ''] = new TextDecoder().decode(buffer.subarray(offset, offset + 4))
  const code = character.codePointAt(0) ?? 0xfffd
  const found = code === 0xfffd ? `the byte 0x${hex(buffer[offset] ?? 0, 2)}` : `"${character}" (U+${hex(code, 4)})`
  throw nonAscii(buffer.toString('latin1', 0, offset), found, source)
}

function nonAscii(before: string, found: string, source: string): FhiclSyntaxError {
  const normal = before.replace(/\r\n?/g, '\n')
  return new FhiclSyntaxError({
    source,
    ...positionAt(normal, normal.length),
    expected: 'ASCII characters only',
    found,
    hint: nonAsciiHint,
  })
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0')
}
