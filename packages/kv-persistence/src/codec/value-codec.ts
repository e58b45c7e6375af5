/**
 * The stored form of a value: letters, ":", body. The letters say how the body was made, so each value can be read whatever the store's present
 * settings are: `j` JSON or `m` msgpack, then `z` if compressed with zstd, then `e` if encrypted. Plain JSON stays text: `j:{"a":1}`.
 */
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import type { Payload } from '../driver/driver.js'
import { KvDecodeError, KvValueError } from '../errors.js'
import { checkValue, type KvCodecName } from './check-value.js'
import { createMsgpack, type Msgpack } from './msgpack.js'
import { type SealKey, seal, sealedBy, unseal } from './seal.js'

export interface ValueCodecOptions {
  readonly codec: KvCodecName
  /** Compress bodies of at least this many bytes; `undefined` never. */
  readonly compressFromBytes: number | undefined
  /** The first key seals, all of them open. Empty: not encrypted. */
  readonly sealKeys: readonly SealKey[]
  readonly maxValueBytes: number
}

export class ValueCodec {
  readonly #options: ValueCodecOptions
  readonly #plainText: boolean
  #msgpack: Msgpack | undefined

  constructor(options: ValueCodecOptions) {
    this.#options = options
    this.#plainText =
      options.codec === 'json' && options.compressFromBytes === undefined && options.sealKeys.length === 0
  }

  /** Whether stored numbers are text a driver can add to by itself. */
  get isSealed(): boolean {
    return this.#options.sealKeys.length > 0
  }

  /** Throws KvValueError for a value that would not survive. */
  encode(value: unknown, key: string): Payload {
    const { codec, compressFromBytes, sealKeys, maxValueBytes } = this.#options
    checkValue(value, codec, key)
    if (codec === 'json') {
      const text = JSON.stringify(value)
      if (text.length * 3 > maxValueBytes) this.#checkSize(Buffer.byteLength(text), key)
      if (this.#plainText) return `j:${text}`
      const isSmall = compressFromBytes === undefined || Buffer.byteLength(text) < compressFromBytes
      if (isSmall && sealKeys.length === 0) return `j:${text}`
      return this.#wrap('j', Buffer.from(text), key)
    }
    const bytes = this.#packer().encode(value)
    this.#checkSize(bytes.length, key)
    return this.#wrap('m', bytes, key)
  }

  /** Throws KvDecodeError for anything `encode` did not make, and when the key to open it is missing. */
  decode(payload: Payload, key: string): unknown {
    if (typeof payload === 'string') {
      if (payload.startsWith('j:')) return this.#parse(payload.slice(2), key)
      return this.decode(Buffer.from(payload), key)
    }
    const head = HEAD.exec(
      Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.length, 8)).toString('latin1'),
    )
    if (head === null) throw new KvDecodeError(key, 'it does not say how it was stored', { hint: FOREIGN })
    const [letters, codec, zipped, sealed] = head
    let body = payload.subarray(letters.length)
    if (sealed !== undefined) body = this.#open(body, letters, key)
    if (zipped !== undefined)
      body = attempt(key, () => zstdDecompressSync(body, { maxOutputLength: MAX_UNZIPPED_BYTES }))
    if (codec === 'j') return this.#parse(textOf(body), key)
    // A copy: what comes out refers to the bytes, and has to be the caller's own.
    return attempt(key, () => this.#packer().decode(new Uint8Array(body)))
  }

  #parse(text: string, key: string): unknown {
    return attempt(key, (): unknown => JSON.parse(text))
  }

  #wrap(codec: string, plain: Uint8Array, key: string): Uint8Array {
    const { compressFromBytes, sealKeys } = this.#options
    let letters = codec
    let body = plain
    if (compressFromBytes !== undefined && plain.length >= compressFromBytes) {
      const zipped = zstdCompressSync(plain)
      if (zipped.length < plain.length) [letters, body] = [`${letters}z`, zipped]
    }
    const [current] = sealKeys
    if (current !== undefined) {
      letters += 'e'
      body = seal(body, current, `${letters}:${key}`)
    }
    return Buffer.concat([Buffer.from(`${letters}:`), body])
  }

  #open(body: Uint8Array, letters: string, key: string): Uint8Array {
    const id = sealedBy(body)
    const sealKey = this.#options.sealKeys.find((candidate) => candidate.id === id)
    if (sealKey === undefined) {
      throw new KvDecodeError(key, `it is encrypted with the key '${id}', which the store was not given`, {
        hint: 'Give the key under `encryption.previous`',
      })
    }
    try {
      return unseal(body, sealKey, `${letters}${key}`)
    } catch {
      throw new KvDecodeError(
        key,
        `it was changed, moved here from another key, or sealed with another key named '${id}'`,
        {
          hint: 'Every encryption key needs an id of its own',
        },
      )
    }
  }

  #checkSize(bytes: number, key: string): void {
    const { maxValueBytes } = this.#options
    if (bytes <= maxValueBytes) return
    throw new KvValueError({
      key,
      path: '$',
      problem: `has ${bytes} bytes, more than maxValueBytes (${maxValueBytes})`,
    })
  }

  #packer(): Msgpack {
    this.#msgpack ??= createMsgpack()
    return this.#msgpack
  }
}

const HEAD = /^([jm])(z)?(e)?:/
const FOREIGN = 'Was the key written by another program? Use a prefix of its own'
/** A bomb must not take the process down. */
const MAX_UNZIPPED_BYTES = 1 << 30

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

function attempt<T>(key: string, work: () => T): T {
  try {
    return work()
  } catch {
    // Without the cause: what a parser says quotes the value.
    throw new KvDecodeError(key, 'its bytes are damaged')
  }
}
