import type { JsonObject, JsonValue } from './database-json.js'
import { isJsonArray, maxJsonDepth } from './database-json.js'

const escaped = /["\\\b\f\n\r\t]/
const escapedAll = new RegExp(escaped, 'g')
const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

/**
 * Writes an object in the text form of database files: one member or element a line, no indentation, `"key" : value`,
 * no line end after the last brace. Characters other than `"`, `\`, and \b \f \n \r \t are written as they are.
 *
 * Throws RangeError for numbers that are not finite and for objects nested deeper than {@link maxJsonDepth}.
 *
 * @example
 * stringifyDatabaseJson(jsonObject([['a', []]])) // '{\n"a" : [\n\n]\n}'
 */
export function stringifyDatabaseJson(object: JsonObject): string {
  return valueText(object, 0)
}

/** The value in the same text form, for those who write a file in pieces. */
export function stringifyJsonValue(value: JsonValue): string {
  return valueText(value, 0)
}

/** The string in quotes. */
export function quoteJson(text: string): string {
  return escaped.test(text)
    ? `"${text.replace(escapedAll, (character) => escapes[character] ?? character)}"`
    : `"${text}"`
}

function valueText(value: JsonValue, depth: number): string {
  if (typeof value === 'string') return quoteJson(value)
  if (typeof value === 'number') return numberText(value)
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (depth >= maxJsonDepth) throw new RangeError(`JSON nested deeper than ${maxJsonDepth} levels cannot be written`)
  let separator = ''
  if (isJsonArray(value)) {
    let text = '[\n'
    for (const element of value) {
      text += separator + valueText(element, depth + 1)
      separator = ',\n'
    }
    return `${text}\n]`
  }
  let text = '{\n'
  for (const { key, value: member } of value.members) {
    text += `${separator + quoteJson(key)} : ${valueText(member, depth + 1)}`
    separator = ',\n'
  }
  return `${text}\n}`
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  throw new RangeError(`The number ${value} cannot be written as JSON`)
}
