import { stripVTControlCharacters } from 'node:util'

const MAX_CHARACTERS = 600

/**
 * What a tool printed, fit for a message: on one line, without control characters and secrets, of bounded length; the last lines, where the
 * reason stands, are kept.
 */
export function toolText(printed: string, secrets: readonly string[]): string {
  let text = printed
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) text = text.replaceAll(secret, '…')
  text = stripVTControlCharacters(text.replace(/(mongodb(?:\+srv)?:\/\/)[^\s@/]*@/g, '$1…@'))
  const lines = text
    .split(/[\n\r\u0085\u2028\u2029]+/)
    .map((line) => line.replace(/[\p{Cc}\p{Cf}\ufffd]+/gu, ' ').trim())
    .filter((line) => line !== '')
  const joined = lines.join(' | ')
  return joined.length <= MAX_CHARACTERS ? joined : `… ${joined.slice(-MAX_CHARACTERS)}`
}
