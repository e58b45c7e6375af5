import { KvValueError } from '../errors.js'

export type KvCodecName = 'json' | 'msgpack'

/** Deeper values are refused: they are circular, or no reader could be sure to have room for them on its stack. */
const MAX_DEPTH = 200

/**
 * Throws KvValueError, naming the place, for a value that would not come back as it is. What comes back alike: json keeps null, booleans, strings,
 * finite numbers, dense arrays and plain objects; msgpack also NaN and infinities, Date, Map, Set, bigint and Uint8Array (a Buffer comes back as
 * one). -0 comes back as 0, and an object without a prototype as a plain one.
 */
export function checkValue(value: unknown, codec: KvCodecName, key: string): void {
  check(value, codec, [], key)
}

type Path = (string | number)[]

function check(value: unknown, codec: KvCodecName, path: Path, key: string): void {
  switch (typeof value) {
    case 'string':
      if (codec === 'msgpack' && !value.isWellFormed()) refuse(key, path, 'is text with half a surrogate pair')
      return
    case 'boolean':
      return
    case 'number':
      if (codec === 'json' && !Number.isFinite(value)) refuse(key, path, `is ${value}`, MSGPACK)
      return
    case 'bigint':
      if (codec === 'json') refuse(key, path, 'is a bigint', MSGPACK)
      return
    case 'object':
      if (value !== null) checkObject(value, codec, path, key)
      return
    default:
      refuse(key, path, value === undefined ? 'is undefined' : `is a ${typeof value}`, 'Leave it out, or use null')
  }
}

function checkObject(value: object, codec: KvCodecName, path: Path, key: string): void {
  if (path.length > MAX_DEPTH) refuse(key, path.slice(0, 3), `is circular or nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) {
    checkArray(value, codec, path, key)
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) {
    checkPlain(value, codec, path, key)
    return
  }
  if (!isExtended(value, prototype)) refuse(key, path, `is a ${nameOf(prototype)}`, 'Store plain data')
  if (codec === 'json') refuse(key, path, `is a ${nameOf(prototype)}`, MSGPACK)
  if (value instanceof Date && Number.isNaN(value.getTime())) refuse(key, path, 'is an invalid Date')
  if (!(value instanceof Uint8Array) && Object.keys(value).length > 0)
    refuse(key, path, `is a ${nameOf(prototype)} with properties`, 'Store plain data')
  if (value instanceof Map) {
    let index = 0
    for (const [name, member] of value) {
      check(name, codec, [...path, `<key ${index}>`], key)
      check(member, codec, [...path, typeof name === 'string' ? name : `<value ${index}>`], key)
      index += 1
    }
  }
  if (value instanceof Set)
    [...value].forEach((member, index) => {
      check(member, codec, [...path, index], key)
    })
}

function checkArray(value: readonly unknown[], codec: KvCodecName, path: Path, key: string): void {
  if (Object.getPrototypeOf(value) !== Array.prototype)
    refuse(key, path, 'is a kind of array of its own', 'Store plain data')
  for (let index = 0; index < value.length; index += 1) {
    path.push(index)
    check(value[index], codec, path, key)
    path.pop()
  }
  if (Object.keys(value).length !== value.length) refuse(key, path, 'is an array with properties', 'Store plain data')
}

function checkPlain(value: object, codec: KvCodecName, path: Path, key: string): void {
  const names = Object.keys(value)
  if (Reflect.ownKeys(value).length !== names.length) refuse(key, path, 'has hidden properties or symbols')
  for (const name of names) {
    const member: unknown = Reflect.get(value, name)
    if (codec === 'json' && isSimple(member)) continue
    path.push(name)
    if (codec === 'msgpack') {
      if (name === '__proto__') refuse(key, path, 'has a name that readers of msgpack do not allow')
      if (!name.isWellFormed()) refuse(key, path, 'has a name with half a surrogate pair')
    }
    check(member, codec, path, key)
    path.pop()
  }
}

/** What most members are, and JSON always keeps. */
function isSimple(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || value === null || Number.isFinite(value)
}

const MSGPACK = "The codec 'msgpack' keeps it"

function isExtended(value: object, prototype: unknown): boolean {
  return (
    prototype === Date.prototype ||
    prototype === Map.prototype ||
    prototype === Set.prototype ||
    prototype === Uint8Array.prototype ||
    Buffer.isBuffer(value)
  )
}

function nameOf(prototype: unknown): string {
  const made: unknown = Object(prototype).constructor
  return typeof made === 'function' && made.name !== '' ? made.name : 'class of its own'
}

function refuse(key: string, path: Path, problem: string, hint?: string): never {
  const place = path.map((part) => {
    if (typeof part === 'number') return `[${part}]`
    return /^[A-Za-z_$][\w$]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`
  })
  throw new KvValueError({ key, path: `$${place.join('')}`, problem, hint })
}
