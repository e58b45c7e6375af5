/**
 * Writes a JSON Pointer (RFC 6901) from the keys and indices that lead to a value; no segment at all is the whole document, ''.
 *
 * @example formatPointer(['phase1', 'files', 'a/b', 0]) // '/phase1/files/a~1b/0'
 */
export function formatPointer(segments: readonly (string | number)[]): string {
  let pointer = ''
  for (const segment of segments) pointer += `/${escapeSegment(String(segment))}`
  return pointer
}

/**
 * Reads a JSON Pointer (RFC 6901, the plain form, not the one of URI fragments) into its keys. An array index stays text: which it is, only the
 * document tells.
 *
 * @throws TypeError when the text is neither empty nor starts with '/', or has a '~' that is not followed by 0 or 1.
 * @example parsePointer('/a~1b/0') // ['a/b', '0']
 */
export function parsePointer(text: string): string[] {
  if (text === '') return []
  if (!text.startsWith('/')) throw new TypeError(`Not a JSON pointer: ${JSON.stringify(text)} does not start with '/'`)
  if (/~(?![01])/.test(text)) {
    throw new TypeError(`Not a JSON pointer: ${JSON.stringify(text)} has a '~' that is not part of '~0' or '~1'`)
  }
  return text.slice(1).split('/').map(unescapeSegment)
}

function escapeSegment(segment: string): string {
  return segment.includes('~') || segment.includes('/') ? segment.replaceAll('~', '~0').replaceAll('/', '~1') : segment
}

function unescapeSegment(segment: string): string {
  // '~0' last: in '~01' the '1' belongs to the key.
  return segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment
}
