import { decode, ExtensionCodec, encode } from '@msgpack/msgpack'

/** Numbers of the extension types; they are in stored data and never change. Dates use msgpack's own timestamp. */
const TYPE_MAP = 1
const TYPE_SET = 2
const TYPE_BIGINT = 3

const MAX_DEPTH = 1000

export interface Msgpack {
  encode(value: unknown): Uint8Array
  decode(bytes: Uint8Array): unknown
}

/** Standard msgpack with extension types for Map, Set and bigint. */
export function createMsgpack(): Msgpack {
  const extensionCodec = new ExtensionCodec()
  const pack = (value: unknown): Uint8Array => encode(value, { extensionCodec, maxDepth: MAX_DEPTH })
  const unpack = (bytes: Uint8Array): unknown => decode(bytes, { extensionCodec })
  extensionCodec.register({
    type: TYPE_MAP,
    encode: (value) => (value instanceof Map ? pack([...value].flat(1)) : null),
    decode: (bytes) => readMap(unpack(bytes)),
  })
  extensionCodec.register({
    type: TYPE_SET,
    encode: (value) => (value instanceof Set ? pack([...value]) : null),
    decode: (bytes) => new Set(asArray(unpack(bytes))),
  })
  extensionCodec.register({
    type: TYPE_BIGINT,
    encode: (value) => (typeof value === 'bigint' ? new TextEncoder().encode(value.toString()) : null),
    decode: (bytes) => BigInt(new TextDecoder().decode(bytes)),
  })
  return { encode: pack, decode: (bytes) => unpack(bytes) }
}

function readMap(value: unknown): Map<unknown, unknown> {
  const flat = asArray(value)
  const map = new Map<unknown, unknown>()
  for (let index = 0; index < flat.length; index += 2) map.set(flat[index], flat[index + 1])
  return map
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError('Expected an array inside an extension type')
  return value
}
