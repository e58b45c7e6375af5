import { create, current, isDraft } from 'mutative'
import { diff } from '../diff.js'
import type { StateIssue } from '../errors.js'
import { type JsonObject, jsonEqual } from '../json.js'
import { applyPatch, type JsonPatchOperation } from '../json-patch.js'
import { parsePointer } from '../json-path.js'
import { copyAsJson } from './copy-as-json.js'

/** What a draft came to. */
export interface DraftChange {
  /** The document after the change; parts that did not change are those of the base. */
  readonly data: JsonObject
  /** Empty when nothing changed. */
  readonly patch: readonly JsonPatchOperation[]
  /** Values that cannot be kept; then `data` and `patch` are of no use. */
  readonly issues: readonly StateIssue[]
}

/** A document that can be changed at will without the base being touched. Of no use any more after `finish` or `discard`. */
export class Draft {
  readonly #base: JsonObject
  readonly #finalize: () => [unknown, readonly MutativePatch[], unknown]
  #replacement: unknown

  #root: unknown
  #isReplaced = false
  #isOver = false

  constructor(base: JsonObject) {
    this.#base = base
    const [root, finalize] = create(base, {
      enablePatches: { pathAsArray: false, arrayLengthAssignment: false },
      strict: false,
    })
    this.#root = root
    this.#finalize = finalize as () => [unknown, readonly MutativePatch[], unknown]
  }

  /** @throws TypeError when the draft is over. */
  get root(): unknown {
    if (this.#isOver) throw new TypeError('The transaction is over: its data can be neither read nor changed any more')
    return this.#isReplaced ? this.#replacement : this.#root
  }

  set root(value: unknown) {
    if (this.#isOver) throw new TypeError('The transaction is over: its data can be neither read nor changed any more')
    if (value === this.#root) return
    this.#isReplaced = true
    this.#replacement = value
  }

  /** A value that may hold parts of the draft, as it is now and for good. */
  detach(value: unknown): unknown {
    return detached(value, new Map())
  }

  discard(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#finalize()
  }

  finish(): DraftChange {
    const replacement = isDraft(this.#replacement) ? current(this.#replacement as object) : this.#replacement
    this.#isOver = true
    if (this.#isReplaced) {
      // Parts of the draft within the replacement are read before they are revoked.
      const change = replaceDocument(this.#base, replacement)
      this.#finalize()
      return change
    }
    const [changed, operations] = this.#finalize()
    const issues: StateIssue[] = []
    const patch = operations.flatMap((operation) => keepOperation(operation, changed, issues))
    const unchanged: DraftChange = { data: this.#base, patch: [], issues }
    if (issues.length > 0 || patch.length === 0) return unchanged
    const data = applyPatch(this.#base, patch) as JsonObject
    // An object can be replaced by one that is equal.
    return patch.some(replacesObject) && jsonEqual(this.#base, data) ? unchanged : { data, patch, issues }
  }
}

/** From the base to another document as a whole. */
export function replaceDocument(base: JsonObject, replacement: unknown): DraftChange {
  const issues: StateIssue[] = []
  const data = copyAsJson(replacement, [], issues)
  if (issues.length === 0 && (typeof data !== 'object' || data === null || Array.isArray(data))) {
    issues.push({ path: '', message: 'the document must be an object' })
  }
  if (issues.length > 0) return { data: base, patch: [], issues }
  return { data: data as JsonObject, patch: diff(base, data), issues }
}

interface MutativePatch {
  readonly op: 'add' | 'replace' | 'remove'
  readonly path: string
  readonly value?: unknown
}

function keepOperation(
  { op, path, value }: MutativePatch,
  changed: unknown,
  issues: StateIssue[],
): JsonPatchOperation[] {
  if (op === 'remove') return [{ op, path }]
  const place = parsePointer(path)
  // A property that is set to undefined is one that is not there; an item of an array cannot be absent.
  if (value === undefined && !Array.isArray(containerOf(changed, place))) {
    return op === 'replace' ? [{ op: 'remove', path }] : []
  }
  return [{ op, path, value: copyAsJson(value, place, issues) }]
}

function containerOf(root: unknown, place: readonly string[]): unknown {
  let node = root
  for (const key of place.slice(0, -1)) node = (node as Record<string, unknown> | undefined)?.[key]
  return node
}

/** The value without drafts; arrays and plain objects with drafts in them are copied, all else stays itself. */
function detached(value: unknown, seen: Map<object, unknown>): unknown {
  if (isDraft(value)) return current(value as object)
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value
  if (seen.has(value)) return seen.get(value)
  seen.set(value, value)
  // Accessors are left alone: reading them could have effects.
  const found = Object.entries(Object.getOwnPropertyDescriptors(value)).flatMap(([key, { value: part }]) => {
    const whole = detached(part, seen)
    return whole === part ? [] : [[key, whole] as const]
  })
  if (found.length === 0) return value
  const copy = Array.isArray(value) ? [...value] : Object.assign(Object.create(Object.getPrototypeOf(value)), value)
  for (const [key, whole] of found) copy[key] = whole
  seen.set(value, copy)
  return copy
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null
}

function replacesObject(operation: JsonPatchOperation): boolean {
  return operation.op === 'replace' && typeof operation.value === 'object'
}
