import { quoteValue } from './fhicl-value.js'
import { blank, joinLines, splitAtColon, splitLines, trim } from './run-record-text.js'

const keySeparators = new RegExp(`(?:${blank}|[-()/#.])+`, 'g')

/**
 * Makes settings.fcl of settings.txt. The words of a list are written without quotes, hyphens in them as `_`; a list
 * with anything but single words is therefore refused when it is stored.
 *
 * Differs from the original for a list whose line does not end with its bracket: nothing of it is cut off.
 */
export function convertSettings(text: string): string {
  const output: string[] = []
  for (const original of splitLines(text)) {
    const line = trim(original)
    if (line === '' || line.startsWith('#')) continue
    const definition = splitAtColon(line)
    if (definition === undefined) continue
    const key = definition.key.replace(keySeparators, '_')
    output.push(`${key}: ${settingValue(definition.value)}`)
  }
  return joinLines(output)
}

function settingValue(value: string): string {
  if (value.startsWith('[')) return `[ ${listWords(value).join(', ')} ]`
  const lower = value.toLowerCase()
  return lower === 'true' || lower === 'false' ? lower : quoteValue(value)
}

function listWords(value: string): string[] {
  const content = value.length > 1 && value.endsWith(']') ? value.slice(1, -1) : value.slice(1)
  return content
    .split(',')
    .map(trim)
    .filter((word) => word !== '')
    .map((word) => unquote(word).replaceAll('-', '_'))
}

function unquote(word: string): string {
  const quote = word.charAt(0)
  return (quote === '"' || quote === "'") && word.endsWith(quote) ? word.slice(1, -1) : word
}
