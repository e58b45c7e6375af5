import type { JsonArray, JsonObject, JsonValue } from './database-json.js'
import { isJsonArray, maxJsonDepth } from './database-json.js'
import { FhiclDocumentError } from './errors.js'

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
 * Throws {@link FhiclDocumentError} for numbers that are not finite and for objects nested deeper than {@link maxJsonDepth}.
 *
 * @example
 * stringifyDatabaseJson(jsonObject([['a', []]])) // '{\n"a" : [\n\n]\n}'
 */
export function stringifyDatabaseJson(object: JsonObject): string {
  return new JsonWriter().write(object)
}

/** The value in the same text form, for those who write a file in pieces. */
export function stringifyJsonValue(value: JsonValue): string {
  return new JsonWriter().write(value)
}

/** True when the string holds characters that are not written as they are. */
export function needsEscapes(text: string): boolean {
  return escaped.test(text)
}

/** The string in quotes. */
export function quoteJson(text: string): string {
  return needsEscapes(text)
    ? `"${text.replace(escapedAll, (character) => escapes[character] ?? character)}"`
    : `"${text}"`
}

/** Appends to one growing text, which is a good deal faster than joining the texts of the parts. */
class JsonWriter {
  private text = ''

  write(value: JsonValue): string {
    this.append(value, 0)
    return this.text
  }

  private append(value: JsonValue, depth: number): void {
    if (typeof value === 'string') this.text += quoteJson(value)
    else if (typeof value === 'number') this.text += numberText(value)
    else if (typeof value === 'boolean') this.text += value ? 'true' : 'false'
    else if (depth >= maxJsonDepth)
      throw new FhiclDocumentError(
        'JSON document',
        '',
        `has more than ${maxJsonDepth} objects and arrays inside each other`,
      )
    else if (isJsonArray(value)) this.appendArray(value, depth)
    else this.appendObject(value, depth)
  }

  private appendArray(array: JsonArray, depth: number): void {
    this.text += '[\n'
    let separator = ''
    for (const element of array) {
      this.text += separator
      this.append(element, depth + 1)
      separator = ',\n'
    }
    this.text += '\n]'
  }

  private appendObject(object: JsonObject, depth: number): void {
    this.text += '{\n'
    let separator = ''
    for (const { key, value } of object.members) {
      this.text += `${separator + quoteJson(key)} : `
      this.append(value, depth + 1)
      separator = ',\n'
    }
    this.text += '\n}'
  }
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value)
  throw new FhiclDocumentError('JSON document', '', `holds the number ${value}, which JSON cannot express`)
}
