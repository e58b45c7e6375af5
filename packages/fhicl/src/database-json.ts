/**
 * A JSON value of a database file. Objects keep the order of their members and may hold the same key several times,
 * which JavaScript objects cannot. There is no null in database files.
 */
export type JsonValue = string | number | boolean | JsonArray | JsonObject

export type JsonArray = readonly JsonValue[]

export interface JsonMember {
  readonly key: string
  readonly value: JsonValue
}

export interface JsonObject {
  readonly members: readonly JsonMember[]
}

/** Objects and arrays inside each other beyond this are refused by the JSON reader and writer. */
export const maxJsonDepth = 1100

/**
 * Builds an object from key and value pairs, in their order.
 *
 * @example
 * jsonObject([['name', 'boot'], ['assigned', timestamp]])
 */
export function jsonObject(entries: Iterable<readonly [key: string, value: JsonValue]>): JsonObject {
  return { members: Array.from(entries, ([key, value]) => ({ key, value })) }
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && !Array.isArray(value)
}

export function isJsonArray(value: JsonValue | undefined): value is JsonArray {
  return Array.isArray(value)
}

/** Value of the first member with this key. Searches the members one by one. */
export function getMember(object: JsonObject, key: string): JsonValue | undefined {
  for (const member of object.members) if (member.key === key) return member.value
  return undefined
}

/** Goes down through objects, first member of each key; undefined when a step is missing or no object. */
export function getPath(value: JsonValue, ...keys: readonly string[]): JsonValue | undefined {
  let current: JsonValue | undefined = value
  for (const key of keys) {
    if (!isJsonObject(current)) return undefined
    current = getMember(current, key)
  }
  return current
}

/** A copy of the object in which the first member with this key has the value; appended when there is none. */
export function withMember(object: JsonObject, key: string, value: JsonValue): JsonObject {
  const index = object.members.findIndex((member) => member.key === key)
  const member = { key, value }
  return { members: index === -1 ? [...object.members, member] : object.members.with(index, member) }
}
