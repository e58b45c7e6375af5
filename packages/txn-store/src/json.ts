/** A JSON value that holds no other value. Numbers are finite. */
export type JsonPrimitive = string | number | boolean | null

/**
 * A JSON object. Any text is an ordinary key, `__proto__` too: read with `Object.hasOwn` or `getMember`, write with `setMember`, copy with
 * `{ ...object }`.
 */
export interface JsonObject {
  [key: string]: JsonValue
}

/** A JSON array, without holes. */
export type JsonArray = JsonValue[]

/** What a JSON text can hold. */
export type JsonValue = JsonPrimitive | JsonObject | JsonArray

/**
 * Tells whether a value is an object in the sense of JSON: neither `null` nor an array. Looks at nothing inside it and not at its class, so it
 * answers truthfully only for what came from JSON text or was checked before.
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of an own key; `undefined` when the object does not have it, whatever its prototype has. */
export function getMember(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets an own key in place: a key that is there keeps its position, a new one comes last. `__proto__` becomes a key, not a prototype. */
export function setMember(object: JsonObject, key: string, value: JsonValue): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else {
    object[key] = value
  }
}

/** Tells whether two values are the same JSON, where the order of an object's keys does not count. The same reference is not looked into. */
export function jsonEqual(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b)
  return isJsonObject(a) && isJsonObject(b) && equalObjects(a, b)
}

function equalArrays(a: JsonArray, b: JsonArray): boolean {
  if (a.length !== b.length) return false
  for (const [index, item] of a.entries()) {
    const other = b[index]
    if (other === undefined || !jsonEqual(item, other)) return false
  }
  return true
}

function equalObjects(a: JsonObject, b: JsonObject): boolean {
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  for (const key of keys) {
    const item = a[key]
    const other = getMember(b, key)
    if (item === undefined || other === undefined || !jsonEqual(item, other)) return false
  }
  return true
}
