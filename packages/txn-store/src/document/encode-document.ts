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

  constructor({ sortKeys = false }: EncodeOptions = {}) {
    this.#sortKeys = sortKeys
  }

  /** The text as UTF-8, without a final newline. */
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
    const chunks: Buffer[] = []
    let text = ''
    for (const piece of this.#pieces) {
      if (typeof piece === 'string') {
        text += piece
        continue
      }
      if (text !== '') chunks.push(Buffer.from(text, 'utf8'))
      text = ''
      chunks.push(piece)
    }
    chunks.push(Buffer.from(text, 'utf8'))
    return Buffer.concat(chunks)
  }
}

const MAX_FRAGMENT_LENGTH = 16_384
const MIN_FRAGMENT_LENGTH = 64

function scalar(value: string | number | boolean | null): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

const INDENTATIONS: string[] = []

function indentation(depth: number): string {
  return (INDENTATIONS[depth] ??= `\n${'  '.repeat(depth)}`)
}

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
