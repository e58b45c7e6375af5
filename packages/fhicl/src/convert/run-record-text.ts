import { RunRecordError } from '../errors.js'

/** Characters that count as blanks in run-record files; not the same set as `\s`. */
export const blank = '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]'

const isBlank = new RegExp(blank)
const innerBlanks = new RegExp(`${blank}+`)
// biome-ignore lint/suspicious/noControlCharactersInRegex: these separate lines in run-record files
const lineSeparator = /[\n\v\f\x1c-\x1e\x85\u2028\u2029]/

/** Decodes a file of a run record: UTF-8, a byte order mark is kept, CR LF and CR become LF. */
export function decodeRunRecordText(name: string, data: string | Uint8Array): string {
  return (typeof data === 'string' ? data : decodeUtf8(name, data)).replace(/\r\n?/g, '\n')
}

/** The lines without their ends. Besides LF also VT, FF, FS, GS, RS, NEL, LS and PS end a line. */
export function splitLines(text: string): string[] {
  const lines = text.split(lineSeparator)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** Removes blanks from both ends. */
export function trim(text: string): string {
  return trimWhere(text, (character) => isBlank.test(character))
}

/** Removes the characters that fit from both ends. */
export function trimWhere(text: string, fits: (character: string) => boolean): string {
  let start = 0
  let end = text.length
  while (start < end && fits(text.charAt(start))) start++
  while (end > start && fits(text.charAt(end - 1))) end--
  return text.slice(start, end)
}

/** The words of a trimmed line. */
export function splitWords(line: string): string[] {
  return line === '' ? [] : line.split(innerBlanks)
}

/** Each character that is not ASCII becomes a dot. */
export function replaceNonAscii(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what ASCII means
  return text.replace(/[^\x00-\x7f]/gu, '.')
}

/** Splits a trimmed line at its first colon; undefined when it has none. */
export function splitAtColon(line: string): { readonly key: string; readonly value: string } | undefined {
  const colon = line.indexOf(':')
  return colon === -1 ? undefined : { key: trim(line.slice(0, colon)), value: trim(line.slice(colon + 1)) }
}

/** Joins lines, each ended by LF; no line gives the empty text. */
export function joinLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function decodeUtf8(name: string, data: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data)
  } catch (cause) {
    const before = new TextDecoder('utf-8', { ignoreBOM: true }).decode(data).split('\ufffd', 1)[0] ?? ''
    const lines = before.split(/\r\n?|\n/)
    const line = lines.length
    const column = (lines.at(-1)?.length ?? 0) + 1
    throw new RunRecordError(`Cannot convert "${name}": line ${line}, column ${column} is not UTF-8`, {
      file: name,
      line,
      column,
      hint: `Save "${name}" as UTF-8`,
      cause,
    })
  }
}
