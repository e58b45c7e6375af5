import { Buffer, isAscii } from 'node:buffer'
import type { JsonMember, JsonObject, JsonValue } from './database-json.js'
import { maxJsonDepth } from './database-json.js'
import { DatabaseJsonError } from './errors.js'
import { decodeJsonString, isEscapedQuote } from './json-string.js'
import { describeFound, positionAt } from './source-text.js'

export interface ParseDatabaseJsonOptions {
  /** Name used in errors, usually the file name. @default 'JSON text' */
  readonly source?: string
}

/**
 * Reads a database file. Blanks and line ends may stand anywhere; order and duplicate keys are kept; what follows the
 * closing brace is not looked at. In strings `\"` `\\` `\/` `\b` `\f` `\n` `\r` `\t` are decoded, `\uXXXX` stays as
 * these six characters, and any other character stands for itself, line ends too. Bytes must be UTF-8.
 *
 * Throws {@link DatabaseJsonError} for everything else, among it null, a top level that is no object, and objects
 * nested deeper than {@link maxJsonDepth}.
 */
export function parseDatabaseJson(input: string | Uint8Array, options: ParseDatabaseJsonOptions = {}): JsonObject {
  const source = options.source ?? 'JSON text'
  return new JsonReader(typeof input === 'string' ? input : decodeDatabaseText(input, source), source).read()
}

const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
class JsonReader {
  private readonly text: string
  private readonly source: string
  private offset = 0
  private depth = 0

  constructor(text: string, source: string) {
    this.text = text
    this.source = source
  }

  read(): JsonObject {
    if (this.skip() !== 0x7b) throw this.expected('"{", as the top level is an object')
    return this.readObject()
  }

  private readValue(): JsonValue {
    switch (this.skip()) {
      case 0x22:
        return this.readString()
      case 0x7b:
        return this.readObject()
      case 0x5b:
        return this.readArray()
      default:
        return this.readPlain()
    }
  }

  private readObject(): JsonObject {
    this.open()
    const members: JsonMember[] = []
    if (this.skip() !== 0x7d) {
      for (;;) {
        if (this.skip() !== 0x22) throw this.expected('a key in double quotes')
        const key = this.readString()
        if (this.skip() !== 0x3a) throw this.expected('":" after the key')
        this.offset++
        members.push({ key, value: this.readValue() })
        const code = this.skip()
        if (code === 0x7d) break
        if (code !== 0x2c) throw this.expected('"," or "}"')
        this.offset++
      }
    }
    this.close()
    return { members }
  }

  private readArray(): JsonValue[] {
    this.open()
    const elements: JsonValue[] = []
    if (this.skip() !== 0x5d) {
      for (;;) {
        elements.push(this.readValue())
        const code = this.skip()
        if (code === 0x5d) break
        if (code !== 0x2c) throw this.expected('"," or "]"')
        this.offset++
      }
    }
    this.close()
    return elements
  }

  private open(): void {
    if (++this.depth > maxJsonDepth) throw this.expected(`at most ${maxJsonDepth} objects and arrays inside each other`)
    this.offset++
  }

  private close(): void {
    this.depth--
    this.offset++
  }

  private readString(): string {
    const { text } = this
    const start = this.offset + 1
    let end = text.indexOf('"', start)
    if (end !== -1 && text.charCodeAt(end - 1) !== 0x5c) {
      this.offset = end + 1
      const content = text.slice(start, end)
      return content.includes('\\') ? this.decodeString(content, start) : content
    }
    while (end !== -1 && isEscapedQuote(text, start, end)) end = text.indexOf('"', end + 1)
    if (end === -1) throw this.expected('a closing quote for the string opened here')
    this.offset = end + 1
    return this.decodeString(text.slice(start, end), start)
  }

  private decodeString(content: string, start: number): string {
    return decodeJsonString(content, (offset) => {
      this.offset = start + offset
      return this.expected('one of \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX')
    })
  }

  private readPlain(): boolean | number {
    const { text, offset } = this
    if (text.startsWith('true', offset)) return this.plain(4, true)
    if (text.startsWith('false', offset)) return this.plain(5, false)
    numberPattern.lastIndex = offset
    if (!numberPattern.test(text)) {
      throw this.expected(
        'a value',
        text.startsWith('null', offset) ? 'Remove the member; the database cannot read null' : undefined,
      )
    }
    const end = numberPattern.lastIndex
    const value = Number(text.slice(offset, end))
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) {
      throw this.expected('a number that can be kept exactly')
    }
    return this.plain(end - offset, value)
  }

  private plain<Value>(length: number, value: Value): Value {
    this.offset += length
    return value
  }

  /** Skips blanks; the code of the next character, NaN at the end. */
  private skip(): number {
    for (;;) {
      const code = this.text.charCodeAt(this.offset)
      if (code !== 0x20 && (code < 0x09 || code > 0x0d)) return code
      if (Number.isNaN(code)) return code
      this.offset++
    }
  }

  private expected(what: string, hint?: string): DatabaseJsonError {
    return new DatabaseJsonError({
      source: this.source,
      ...positionAt(this.text, this.offset),
      expected: what,
      found: describeFound(this.text, this.offset),
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

/** The text of a database file. @throws DatabaseJsonError when it is not UTF-8 */
export function decodeDatabaseText(bytes: Uint8Array, source: string): string {
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    const valid = new TextDecoder().decode(bytes)
    const offset = valid.indexOf('\ufffd')
    throw new DatabaseJsonError({
      source,
      ...positionAt(valid, offset),
      expected: 'UTF-8 text',
      found: 'bytes that are no character',
      hint: 'Restore the file from a copy; it was damaged or written in another encoding',
    })
  }
}
