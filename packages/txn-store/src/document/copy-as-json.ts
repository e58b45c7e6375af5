import type { StateIssue } from '../errors.js'
import { type JsonArray, type JsonObject, type JsonValue, setMember } from '../json.js'
import { formatPointer } from '../json-path.js'

/**
 * A copy of the value that owes nothing to the caller's objects and reads back as it is after writing. What cannot is added to `issues` with its
 * place: bigint, functions, symbols, `undefined` and holes in arrays, NaN and infinities, lone surrogates, instances of classes (Date, Map, Buffer …),
 * circular references. A property with the value `undefined` counts as absent, and -0 becomes 0.
 */
export function copyAsJson(value: unknown, at: readonly (string | number)[], issues: StateIssue[]): JsonValue {
  return new Copier(issues).copy(value, [...at])
}

class Copier {
  readonly #issues: StateIssue[]
  readonly #ancestors: Set<object> = new Set()

  constructor(issues: StateIssue[]) {
    this.#issues = issues
  }

  copy(value: unknown, at: (string | number)[]): JsonValue {
    switch (typeof value) {
      case 'string':
        if (!value.isWellFormed()) this.#refuse(at, 'the text has a lone surrogate, which is not a character')
        return value
      case 'number':
        if (!Number.isFinite(value)) this.#refuse(at, `${value} is not a number that JSON has`)
        return value === 0 ? 0 : value
      case 'boolean':
        return value
      case 'object':
        return value === null ? null : this.#copyObject(value, at)
      default:
        return this.#refuse(
          at,
          value === undefined
            ? 'undefined cannot be kept as JSON'
            : `a value of type ${typeof value} cannot be kept as JSON`,
        )
    }
  }

  #copyObject(value: object, at: (string | number)[]): JsonValue {
    if (this.#ancestors.has(value)) return this.#refuse(at, 'the object contains itself')
    if (at.length > MAX_DEPTH) return this.#refuse(at.slice(0, 8), `it is nested more than ${MAX_DEPTH} levels deep`)
    this.#ancestors.add(value)
    const copy = Array.isArray(value) ? this.#copyArray(value, at) : this.#copyPlain(value, at)
    this.#ancestors.delete(value)
    return copy
  }

  #copyArray(value: readonly unknown[], at: (string | number)[]): JsonValue {
    const copy: JsonArray = []
    for (let index = 0; index < value.length; index += 1) {
      at.push(index)
      const item = value[index]
      copy.push(item === undefined ? this.#refuse(at, 'undefined cannot be an item of an array') : this.copy(item, at))
      at.pop()
    }
    return copy
  }

  #copyPlain(value: object, at: (string | number)[]): JsonValue {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) {
      return this.#refuse(at, `an instance of ${nameOfClass(value)} cannot be kept as JSON; store its parts`)
    }
    const [symbol] = Object.getOwnPropertySymbols(value)
    if (symbol !== undefined) this.#refuse(at, `the key ${String(symbol)} is a symbol`)
    const copy: JsonObject = {}
    for (const [key, item] of Object.entries(value)) {
      if (item === undefined) continue
      at.push(key)
      if (!key.isWellFormed()) this.#refuse(at, 'the key has a lone surrogate, which is not a character')
      setMember(copy, key, this.copy(item, at))
      at.pop()
    }
    return copy
  }

  #refuse(at: readonly (string | number)[], message: string): null {
    this.#issues.push({ path: formatPointer(at), message })
    return null
  }
}

/** Deeper than any real document, and shallow enough that no recursion over it can end the process. */
export const MAX_DEPTH = 500

function nameOfClass(value: object): string {
  const { constructor: maker } = value
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class'
}
