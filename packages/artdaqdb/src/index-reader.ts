import { isUtf8 } from 'node:buffer'
import { INDEX_SECTIONS, type IndexSection, SearchIndex } from './search-index.js'

/** The bytes are not an index; `offset` is the first wrong one. */
export class IndexSyntaxError extends Error {
  override readonly name = 'IndexSyntaxError'
  readonly offset: number

  constructor(reason: string, offset: number) {
    super(reason)
    this.offset = offset
  }
}

/** The bytes are an index of a form that is read by other versions of the original only. */
export class IndexFormatError extends Error {
  override readonly name = 'IndexFormatError'
}

const REQUIRED: readonly string[] = ['version', 'configurations.name', 'entities.name']

/**
 * Reads an index.json of the original or of this package: white space anywhere, names of sections in any order, whatever follows the closing
 * brace ignored.
 *
 * @throws IndexSyntaxError, IndexFormatError
 */
export function readIndex(bytes: Buffer): SearchIndex {
  if (!isUtf8(bytes)) throw new IndexSyntaxError('it is not UTF-8 text', 0)
  return new IndexReader(bytes).read()
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a

class IndexReader {
  readonly #bytes: Buffer
  readonly #index = new SearchIndex()
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  read(): SearchIndex {
    const seen = new Set<string>()
    this.#members((name) => {
      seen.add(name)
      if (name === 'ouid') this.#oids(this.#index.listed)
      else if (name === 'configurations.assigned') this.#members((key) => this.#strings(this.#timesOf(key)))
      else if (isSection(name)) this.#members((key) => this.#oids(this.#index.sections[name].list(key)))
      else throw new IndexFormatError(`it has the section '${name}'`)
    })
    for (const name of REQUIRED) {
      if (!seen.has(name)) throw new IndexSyntaxError(`it has no section '${name}'`, this.#at)
    }
    return this.#index
  }

  #timesOf(key: string): string[] {
    const times = this.#index.assigned.get(key) ?? []
    this.#index.assigned.set(key, times)
    return times
  }

  #oids(list: number[]): void {
    const { oids } = this.#index
    this.#elements(() => {
      const id = this.#bytes[this.#at + 25] === QUOTE ? oids.internBytes(this.#bytes, this.#at + 1) : -1
      if (id < 0) throw new IndexSyntaxError('it has an entry that is not a document id', this.#at)
      this.#at += 26
      list.push(id)
    })
  }

  #strings(list: string[]): void {
    this.#elements(() => list.push(this.#string()))
  }

  #members(value: (name: string) => void): void {
    this.#list('{', '}', () => {
      const name = this.#string()
      this.#skipBlanks()
      this.#expect(COLON)
      this.#skipBlanks()
      value(name)
    })
  }

  #elements(value: () => void): void {
    this.#list('[', ']', () => {
      if (this.#bytes[this.#at] !== QUOTE) throw this.#unexpected()
      value()
    })
  }

  #list(open: string, close: string, item: () => void): void {
    const end = close.charCodeAt(0)
    this.#skipBlanks()
    this.#expect(open.charCodeAt(0))
    this.#skipBlanks()
    if (this.#bytes[this.#at] === end) {
      this.#at += 1
      return
    }
    for (;;) {
      item()
      this.#skipBlanks()
      if (this.#bytes[this.#at] === end) break
      this.#expect(COMMA)
      this.#skipBlanks()
    }
    this.#at += 1
  }

  /** The text between quotes, as it stands. */
  #string(): string {
    this.#expect(QUOTE)
    const start = this.#at
    for (; this.#at < this.#bytes.length; this.#at += 1) {
      const byte = this.#bytes[this.#at]
      if (byte === QUOTE) {
        this.#at += 1
        return this.#bytes.toString('utf8', start, this.#at - 1)
      }
      if (byte === BACKSLASH) this.#at += 1
    }
    throw this.#unexpected()
  }

  #skipBlanks(): void {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at += 1
    }
  }

  #expect(byte: number): void {
    if (this.#bytes[this.#at] !== byte) throw this.#unexpected()
    this.#at += 1
  }

  #unexpected(): IndexSyntaxError {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) return new IndexSyntaxError('it ends too early', this.#bytes.length)
    return new IndexSyntaxError(`it has an unexpected ${JSON.stringify(String.fromCharCode(byte))}`, this.#at)
  }
}

function isSection(name: string): name is IndexSection {
  return INDEX_SECTIONS.some((section) => section === name)
}
