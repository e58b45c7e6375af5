/**
 * JSON text with indent 2, as the seed's files have it. The text of the last time is kept as bytes and edited: parts that a transaction left alone are
 * recognised by identity, and only where the others stand is something written. So the cost depends on the change, beside a comparison of pointers.
 */
import type { JsonObject, JsonValue } from '../json.js'
import { EditedBytes } from './edited-bytes.js'
import { indentation, isLongerThan, sortedKeys, type TextMaker, textInOrder, textSorted } from './json-text.js'

export interface EncodeOptions {
  /** Keys by code point instead of in the order of the document. @default false */
  readonly sortKeys?: boolean
}

type Container = JsonObject | readonly JsonValue[]

interface Children {
  readonly value: Container
  /** In the order of the text; `undefined` for an array. */
  readonly keys: readonly string[] | undefined
  readonly count: number
}

/** A container whose text is long, as it was written. */
interface Part extends Children {
  /** Where each child's text ends, from the beginning of the container's. A child begins with its bracket or comma, line feed, indentation and key. */
  ends: number[]
  /** The children that are parts themselves. */
  parts: (Part | undefined)[]
}

interface Written {
  readonly bytes: number
  readonly part: Part | undefined
}

/** Remembers the text of one document. */
export class DocumentEncoder {
  readonly #keysOf: (value: JsonObject) => readonly string[]
  readonly #textOf: TextMaker
  readonly #bytes: EditedBytes = new EditedBytes()
  #root: Part | undefined

  constructor({ sortKeys = false }: EncodeOptions = {}) {
    this.#keysOf = sortKeys ? sortedKeys : Object.keys
    this.#textOf = sortKeys ? textSorted : textInOrder
  }

  /**
   * The text as UTF-8, without a final newline. The bytes are good until the next call. The document must not be changed afterwards. A good guess of
   * their number saves memory the first time.
   */
  encode(document: JsonObject, expectedBytes = 0): Buffer {
    const root = this.#root
    // An error on the way leaves nothing that is half changed.
    this.#root = undefined
    if (root !== undefined && isLike(root, document)) {
      this.#update(root, 0, document, 0)
      this.#root = root
    } else {
      this.#bytes.restart(expectedBytes)
      this.#root = this.#write('', document, 0).part
    }
    try {
      return this.#bytes.apply()
    } catch (error) {
      this.#root = undefined
      throw error
    }
  }

  #write(before: string, value: JsonValue, depth: number): Written {
    if (!isContainer(value) || !isLongerThan(PART_LENGTH, value)) {
      return { bytes: this.#bytes.add(`${before}${this.#textOf(value, depth)}`), part: undefined }
    }
    const opening = this.#bytes.add(before)
    const children = this.#childrenOf(value)
    const part: Part = { ...children, ends: [], parts: [] }
    this.#writeChildren(children, 0, children.count, 0, depth, part)
    const closing = this.#bytes.add(`${indentation(depth)}${children.keys === undefined ? ']' : '}'}`)
    return { bytes: opening + (part.ends.at(-1) ?? 0) + closing, part }
  }

  /** Writes a range of children, the first of which begins at `start`; their ends and parts are added to `to`. */
  #writeChildren(
    children: Children,
    from: number,
    to: number,
    start: number,
    depth: number,
    lists: Pick<Part, 'ends' | 'parts'>,
  ): void {
    let end = start
    for (let index = from; index < to; index += 1) {
      const { bytes, part } = this.#write(beforeChild(children, index, depth), childOf(children, index), depth + 1)
      end += bytes
      lists.ends.push(end)
      lists.parts.push(part)
    }
  }

  /** Brings the text of a part, which begins at `start` in the old text, to another value of the same kind. Returns by how much it has grown. */
  #update(part: Part, start: number, value: Container, depth: number): number {
    if (value === part.value) return 0
    const old: Children = { value: part.value, keys: part.keys, count: part.count }
    const next = this.#childrenOf(value)
    const { head, tail } = findAlike(old, next)
    const walk: Walk = { part, old, next, start, depth, end: 0, shift: 0 }
    this.#updateChildren(walk, 0, head, 0)
    if (head + tail < Math.max(old.count, next.count)) this.#replaceMiddle(walk, head, tail)
    this.#updateChildren(walk, next.count - tail, next.count, old.count - next.count)
    Object.assign(part, next)
    return walk.shift
  }

  /** Children that both have; `offset` leads from the index of the new one to that of the old one. */
  #updateChildren(walk: Walk, from: number, to: number, offset: number): void {
    const { old, next, start } = walk
    const { ends, parts } = walk.part
    for (let index = from; index < to; index += 1) {
      const end = ends[index] ?? 0
      if (childOf(next, index) !== childOf(old, index + offset)) {
        walk.shift += this.#updateChild(parts, next, index, walk.depth, start + walk.end, start + end)
      }
      walk.end = end
      if (walk.shift !== 0) ends[index] = end + walk.shift
    }
  }

  #updateChild(parts: Part['parts'], next: Children, index: number, depth: number, start: number, end: number): number {
    const child = childOf(next, index)
    const before = beforeChild(next, index, depth)
    const known = parts[index]
    if (known !== undefined && isLike(known, child)) {
      return this.#update(known, start + Buffer.byteLength(before), child, depth + 1)
    }
    this.#bytes.cut(start, end)
    const { bytes, part } = this.#write(before, child, depth + 1)
    parts[index] = part
    return bytes - (end - start)
  }

  #replaceMiddle(walk: Walk, head: number, tail: number): void {
    const { part, old, next, start, depth } = walk
    const oldTail = old.count - tail
    const end = oldTail > head ? (part.ends[oldTail - 1] ?? 0) : walk.end
    const added: Pick<Part, 'ends' | 'parts'> = { ends: [], parts: [] }
    this.#bytes.cut(start + walk.end, start + end)
    const newStart = walk.end + walk.shift
    this.#writeChildren(next, head, next.count - tail, newStart, depth, added)
    walk.shift = (added.ends.at(-1) ?? newStart) - end
    walk.end = end
    part.ends = part.ends.slice(0, head).concat(added.ends, part.ends.slice(oldTail))
    part.parts = part.parts.slice(0, head).concat(added.parts, part.parts.slice(oldTail))
  }

  #childrenOf(value: Container): Children {
    if (Array.isArray(value)) return { value, keys: undefined, count: value.length }
    const keys = this.#keysOf(value as JsonObject)
    return { value, keys, count: keys.length }
  }
}

/** Text that is longer than this is edited by its children; a shorter one is written as a whole. */
const PART_LENGTH = 2048

/** One pass over the children of a part. */
interface Walk {
  readonly part: Part
  readonly old: Children
  readonly next: Children
  /** Where the part begins in the old text. */
  readonly start: number
  readonly depth: number
  /** Where the last child seen ended in the old text, and by how much what follows it is to be moved, from the beginning of the part. */
  end: number
  shift: number
}

/** How many children at the beginning and at the end have their counterpart; all, when an array is as long as it was. */
function findAlike(old: Children, next: Children): { readonly head: number; readonly tail: number } {
  const fewer = Math.min(old.count, next.count)
  const isAlike =
    old.keys === undefined || next.keys === undefined
      ? (a: number, b: number) => childOf(old, a) === childOf(next, b)
      : (a: number, b: number) => old.keys?.[a] === next.keys?.[b]
  let head = old.keys === undefined && old.count === next.count ? fewer : 0
  while (head < fewer && isAlike(head, head)) head += 1
  // The first child is never among those at the end: its bracket would become a comma, or the other way round.
  const most = fewer - Math.max(head, 1)
  let tail = 0
  while (tail < most && isAlike(old.count - 1 - tail, next.count - 1 - tail)) tail += 1
  return { head, tail }
}

function beforeChild({ keys }: Children, index: number, depth: number): string {
  const indent = indentation(depth + 1)
  if (keys === undefined) return `${index === 0 ? '[' : ','}${indent}`
  return `${index === 0 ? '{' : ','}${indent}${JSON.stringify(keys[index])}: `
}

function childOf({ value, keys }: Children, index: number): JsonValue {
  if (keys === undefined) return (value as readonly JsonValue[])[index] ?? null
  return (value as JsonObject)[keys[index] ?? ''] ?? null
}

function isContainer(value: JsonValue): value is JsonObject | JsonValue[] {
  return typeof value === 'object' && value !== null
}

/** An empty container has no text around its children that could be kept. */
function isLike({ value: old }: Part, value: JsonValue): value is JsonObject | JsonValue[] {
  if (!isContainer(value) || Array.isArray(old) !== Array.isArray(value)) return false
  return Array.isArray(value) ? value.length > 0 : Object.keys(value).length > 0
}
