import {
  getMember,
  isJsonObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  jsonEqual,
  setMember,
} from './json.js'
import { parsePointer } from './json-path.js'

/** What `diff` makes: one change of a JSON Patch (RFC 6902). `path` is a JSON pointer. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'remove'; readonly path: string }

/** Every operation of RFC 6902, as `applyPatch` takes them. */
export type AnyJsonPatchOperation =
  | JsonPatchOperation
  | { readonly op: 'test'; readonly path: string; readonly value: JsonValue }
  | { readonly op: 'move' | 'copy'; readonly from: string; readonly path: string }

/** A patch does not fit the document, or is not a patch. The document is as it was: a patch is applied whole or not at all. */
export class JsonPatchError extends Error {
  override readonly name = 'JsonPatchError'
  readonly code = 'ERR_JSON_PATCH'
  /** Which operation of the patch failed, from 0. */
  readonly index: number
  /** That operation, as it was given. */
  readonly operation: unknown

  constructor(index: number, operation: unknown, reason: string, cause?: unknown) {
    super(`Cannot apply ${describe(operation)} (operation ${index} of the patch): ${reason}`, { cause })
    this.index = index
    this.operation = operation
  }
}

/**
 * Applies a JSON Patch (RFC 6902) and returns the new document. The given document and patch are never changed, and what the patch does not touch
 * is in the new document as the same reference. A replaced key keeps its position, an added one comes last; `__proto__` is a key like any other.
 * The whole document can be replaced but not removed.
 *
 * The cost is that of copying, once each, the objects and arrays on the changed paths; it does not depend on the size of the rest.
 *
 * @throws JsonPatchError when an operation is malformed, names a place that is not there, or is a failed `test`.
 * @example applyPatch({ a: { b: 1 } }, [{ op: 'replace', path: '/a/b', value: 2 }]) // { a: { b: 2 } }
 */
export function applyPatch(document: JsonValue, patch: readonly AnyJsonPatchOperation[]): JsonValue {
  const patcher = new JsonPatcher(document)
  patcher.apply(patch)
  return patcher.finish()
}

/**
 * Applies many patches to one document, copying each object once for all of them: what replaying a journal needs. The document that was given is
 * never changed. After an error the patcher is of no more use.
 *
 * @example
 * const patcher = new JsonPatcher(snapshot)
 * for (const record of journal) patcher.apply(record.patch)
 * const document = patcher.finish()
 */
export class JsonPatcher {
  #root: JsonValue
  /** What this patcher made itself and nobody else can see yet: the only objects and arrays it may write into. */
  #owned = new Set<JsonObject | JsonArray>()
  #failed = false

  constructor(document: JsonValue) {
    this.#root = document
  }

  /** @throws JsonPatchError as `applyPatch` does. */
  apply(patch: readonly AnyJsonPatchOperation[]): void {
    if (this.#failed) throw new Error('A patch failed before; start again from the document')
    for (const [index, operation] of patch.entries()) {
      try {
        this.#applyOne(operation)
      } catch (error) {
        this.#failed = true
        if (!(error instanceof Misfit) && !(error instanceof TypeError)) throw error
        throw new JsonPatchError(index, operation, error.message, error instanceof Misfit ? undefined : error)
      }
    }
  }

  /** The document as it is now. It belongs to the caller: later patches copy what they change of it. */
  finish(): JsonValue {
    if (this.#failed) throw new Error('A patch failed before; start again from the document')
    this.#owned = new Set()
    return this.#root
  }

  #applyOne(operation: AnyJsonPatchOperation): void {
    checkShape(operation)
    switch (operation.op) {
      case 'add':
        this.#add(parsePointer(operation.path), operation.value)
        break
      case 'replace':
        this.#replace(parsePointer(operation.path), operation.value)
        break
      case 'remove':
        this.#remove(parsePointer(operation.path))
        break
      case 'test':
        this.#test(parsePointer(operation.path), operation.value)
        break
      case 'move':
        this.#move(operation.from, operation.path)
        break
      case 'copy':
        this.#copy(operation.from, operation.path)
        break
      default:
        throw new Misfit('there is no such operation')
    }
  }

  #add(segments: readonly string[], value: JsonValue): void {
    const last = segments.at(-1)
    if (last === undefined) {
      this.#root = value
      return
    }
    const parent = this.#ownParent(segments)
    if (Array.isArray(parent)) {
      const index = last === '-' ? parent.length : parseIndex(last)
      if (index > parent.length) throw new Misfit(`the array has ${parent.length} items`)
      parent.splice(index, 0, value)
    } else {
      setMember(parent, last, value)
    }
  }

  #replace(segments: readonly string[], value: JsonValue): void {
    const last = segments.at(-1)
    if (last === undefined) {
      this.#root = value
      return
    }
    const parent = this.#ownParent(segments)
    childOf(parent, last)
    if (Array.isArray(parent)) parent[parseIndex(last)] = value
    else setMember(parent, last, value)
  }

  #remove(segments: readonly string[]): JsonValue {
    const last = segments.at(-1)
    if (last === undefined) throw new Misfit('the whole document cannot be removed, only replaced')
    const parent = this.#ownParent(segments)
    const removed = childOf(parent, last)
    if (Array.isArray(parent)) parent.splice(parseIndex(last), 1)
    else delete parent[last]
    return removed
  }

  #test(segments: readonly string[], value: JsonValue): void {
    if (!jsonEqual(this.#get(segments), value)) throw new Misfit('the value there is another one')
  }

  #move(from: string, path: string): void {
    const source = parsePointer(from)
    const target = parsePointer(path)
    if (from === path) {
      this.#get(source)
      return
    }
    if (path.startsWith(`${from}/`)) throw new Misfit(`${JSON.stringify(from)} cannot be moved into itself`)
    this.#add(target, this.#remove(source))
  }

  #copy(from: string, path: string): void {
    const value = this.#get(parsePointer(from))
    // From here on two places share it, so writing into either has to copy first.
    this.#owned = new Set()
    this.#add(parsePointer(path), value)
  }

  #get(segments: readonly string[]): JsonValue {
    let node = this.#root
    for (const segment of segments) node = childOf(node, segment)
    return node
  }

  /** The object or array that holds the last segment, after everything from the root to it was made this patcher's own. */
  #ownParent(segments: readonly string[]): JsonObject | JsonArray {
    let node = this.#own(this.#root)
    this.#root = node
    for (const segment of segments.slice(0, -1)) {
      const child = childOf(node, segment)
      const own = this.#own(child)
      if (own !== child) {
        if (Array.isArray(node)) node[parseIndex(segment)] = own
        else setMember(node, segment, own)
      }
      node = own
    }
    return node
  }

  #own(value: JsonValue): JsonObject | JsonArray {
    if (typeof value !== 'object' || value === null) throw new Misfit(`the path goes through ${kindOf(value)}`)
    if (this.#owned.has(value)) return value
    const copy = Array.isArray(value) ? value.slice() : copyObject(value)
    this.#owned.add(copy)
    return copy
  }
}

/** From here on the engine keeps an object as a hash table; copying it straight into another one takes half to a quarter of the time. */
const WIDE_OBJECT_KEYS = 1000

function copyObject(object: JsonObject): JsonObject {
  const keys = Object.keys(object)
  if (keys.length < WIDE_OBJECT_KEYS) return { ...object }
  // Without a prototype `__proto__` is a key like any other.
  const copy: JsonObject = Object.create(null)
  for (const key of keys) {
    const value = object[key]
    if (value !== undefined) copy[key] = value
  }
  return Object.setPrototypeOf(copy, Object.prototype)
}

/** Why one operation does not fit; the patcher adds which one it was. */
class Misfit extends Error {}

function childOf(parent: JsonValue, segment: string): JsonValue {
  if (Array.isArray(parent)) {
    const item = parent[parseIndex(segment)]
    if (item === undefined) throw new Misfit(`the array has ${parent.length} items`)
    return item
  }
  if (!isJsonObject(parent)) throw new Misfit(`the path goes through ${kindOf(parent)}`)
  const member = getMember(parent, segment)
  if (member === undefined) throw new Misfit(`there is no key ${JSON.stringify(segment)}`)
  return member
}

function parseIndex(segment: string): number {
  if (!/^(?:0|[1-9][0-9]*)$/.test(segment)) throw new Misfit(`${JSON.stringify(segment)} is not the index of an item`)
  return Number(segment)
}

/** Patches come from files too, where the types promise nothing. */
function checkShape(operation: unknown): void {
  if (!isJsonObject(operation)) throw new Misfit('it is not an object')
  if (typeof operation['path'] !== 'string') throw new Misfit('it has no path')
  const { op } = operation
  if ((op === 'move' || op === 'copy') && typeof operation['from'] !== 'string') throw new Misfit("it has no 'from'")
  if ((op === 'add' || op === 'replace' || op === 'test') && operation['value'] === undefined) {
    throw new Misfit('it has no value')
  }
}

function kindOf(value: JsonValue): string {
  if (value === null) return 'null'
  return `a ${typeof value}`
}

function describe(operation: unknown): string {
  if (!isJsonObject(operation)) return 'a JSON patch'
  return `${String(operation['op'])} ${JSON.stringify(operation['path'])}`
}
