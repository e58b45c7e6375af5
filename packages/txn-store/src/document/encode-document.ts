/**
 * JSON text with indent 2, as the seed's files have it, made in pieces: the text of a part that did not change since the last time is taken from
 * memory. Parts are recognised by identity, which a transaction keeps for everything it leaves alone.
 */
import type { JsonObject, JsonValue } from '../json.js'

export interface EncodeOptions {
  /** Keys by code point instead of in the order of the document. @default false */
  readonly sortKeys?: boolean
}

interface Fragment {
  readonly depth: number
  readonly bytes: Buffer
}

/** A part whose text is one piece and may be worth remembering. */
interface Candidate {
  readonly value: object
  readonly depth: number
  readonly piece: number
}

/** Remembers the texts of the parts of one document. */
export class DocumentEncoder {
  readonly #sortKeys: boolean
  #fragments: WeakMap<object, Fragment> = new WeakMap()
  #pieces: (string | Buffer)[] = []
  #candidates: Candidate[] = []
  #space: Buffer = Buffer.alloc(0)

  constructor({ sortKeys = false }: EncodeOptions = {}) {
    this.#sortKeys = sortKeys
  }

  /** The text as UTF-8, without a final newline. The bytes are good until the next call. */
  encode(document: JsonObject): Buffer {
    try {
      this.#encode(document, 0)
      return this.#assemble()
    } finally {
      this.#pieces = []
      this.#candidates = []
    }
  }

  /** Adds the text of a part to the pieces and tells its length. */
  #encode(value: JsonValue, depth: number): number {
    if (typeof value !== 'object' || value === null) return this.#add(scalar(value))
    const known = this.#fragments.get(value)
    if (known !== undefined && known.depth === depth) return this.#add(known.bytes)
    const firstPiece = this.#pieces.length
    const firstCandidate = this.#candidates.length
    const length = Array.isArray(value) ? this.#encodeArray(value, depth) : this.#encodeObject(value, depth)
    if (length <= MAX_FRAGMENT_LENGTH) {
      const text = this.#pieces.splice(firstPiece).join('')
      this.#candidates.length = firstCandidate
      this.#candidates.push({ value, depth, piece: firstPiece })
      this.#pieces.push(text)
    }
    return length
  }

  #encodeArray(items: readonly JsonValue[], depth: number): number {
    if (items.length === 0) return this.#add('[]')
    const indent = indentation(depth + 1)
    let length = 0
    let before = `[${indent}`
    for (const item of items) {
      length += this.#add(before) + this.#encode(item, depth + 1)
      before = `,${indent}`
    }
    return length + this.#add(`${indentation(depth)}]`)
  }

  #encodeObject(object: JsonObject, depth: number): number {
    const keys = this.#sortKeys ? Object.keys(object).sort(byCodePoint) : Object.keys(object)
    if (keys.length === 0) return this.#add('{}')
    const indent = indentation(depth + 1)
    let length = 0
    let before = `{${indent}`
    for (const key of keys) {
      length += this.#add(`${before}${JSON.stringify(key)}: `) + this.#encode(object[key] ?? null, depth + 1)
      before = `,${indent}`
    }
    return length + this.#add(`${indentation(depth)}}`)
  }

  #add(piece: string | Buffer): number {
    this.#pieces.push(piece)
    return piece.length
  }

  /** Puts the pieces together and remembers the largest parts below the limit, so that no text is kept twice. */
  #assemble(): Buffer {
    for (const { value, depth, piece } of this.#candidates) {
      const text = this.#pieces[piece]
      if (typeof text !== 'string' || text.length < MIN_FRAGMENT_LENGTH) continue
      const bytes = Buffer.from(text, 'utf8')
      this.#fragments.set(value, { depth, bytes })
      this.#pieces[piece] = bytes
    }
    let size = 0
    for (const piece of this.#pieces)
      size += typeof piece === 'string' ? piece.length * MAX_BYTES_PER_UNIT : piece.length
    const target = this.#spaceFor(size)
    let length = 0
    let text = ''
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') {
        text += piece
        continue
      }
      length += target.write(text, length, 'utf8')
      text = ''
      length += piece.copy(target, length)
    }
    length += target.write(text, length, 'utf8')
    return target.subarray(0, length)
  }

  /** New memory costs more than what is written into it, so that of the last time is used again. */
  #spaceFor(size: number): Buffer {
    if (size > MAX_SPACE) return Buffer.allocUnsafeSlow(size)
    if (this.#space.length < size) this.#space = Buffer.allocUnsafeSlow(Math.ceil(size * 1.25))
    return this.#space
  }
}

/** UTF-8 needs at most three bytes for a unit of UTF-16. */
const MAX_BYTES_PER_UNIT = 3
const MAX_SPACE = 16 * 1024 * 1024
const MAX_FRAGMENT_LENGTH = 32_768
const MIN_FRAGMENT_LENGTH = 64

function scalar(value: string | number | boolean | null): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function indentation(depth: number): string {
  return INDENTATIONS[depth] ?? `\n${'  '.repeat(depth)}`
}

const INDENTATIONS: readonly string[] = Array.from({ length: 32 }, (_, depth) => `\n${'  '.repeat(depth)}`)

/** Code units in the order of the characters they stand for: the halves of a pair come after everything else. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index += 1) {
    const difference = rank(a.charCodeAt(index)) - rank(b.charCodeAt(index))
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit
}
