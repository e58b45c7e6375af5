import { decodeUtf8, errorCode } from '@holdfast/atomic-file'
import { StateReadError } from '../errors.js'
import { isJsonObject, type JsonObject } from '../json.js'
import { formatPointer } from '../json-path.js'

/**
 * The document that the bytes of a file hold. `release` is called once they are not needed any more: text and document together are several times as large.
 *
 * @throws StateReadError when they are not UTF-8, not JSON, not an object, or hold a number that would lose digits (which a rewrite would make
 *   permanent). Its message says what and where.
 */
export function decodeDocument(
  bytes: Uint8Array,
  path: string,
  hint: string | undefined,
  release?: () => void,
): JsonObject {
  const fail = (reason: string, cause?: unknown): StateReadError =>
    new StateReadError(`Cannot read '${path}': ${reason}`, { path, hint, cause })
  let text: string
  try {
    text = decodeUtf8(bytes, path)
  } catch (error) {
    if (errorCode(error) !== 'ERR_INVALID_UTF8') throw error
    throw fail(error instanceof Error ? error.message : 'it is not UTF-8', error)
  }
  release?.()
  if (text.trim() === '') throw fail('the file is empty')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw fail(`it is not JSON: ${error instanceof Error ? error.message : String(error)}`, error)
  }
  if (!isJsonObject(value)) throw fail('the top level is not an object')
  const lossy = findLossyNumber(text)
  if (lossy === undefined) return value
  throw fail(`the number ${lossy.source} at ${lossy.path} would lose digits; store it as a text`)
}

/** A number literal that JavaScript reads as another value: more digits than a double has, or beyond its range. */
function findLossyNumber(text: string): { source: string; path: string } | undefined {
  // Reading again with every literal's source is slow, and almost no document has a number that long.
  if (!SUSPICIOUS_NUMBER.test(text)) return undefined
  let found: { source: string; holder: unknown; key: string } | undefined
  const revive = function (this: unknown, key: string, value: unknown, context: { source?: string }): unknown {
    const { source } = context
    if (found === undefined && typeof value === 'number' && source !== undefined && isLossy(source, value)) {
      found = { source, holder: this, key }
    }
    return value
  }
  const root: unknown = (JSON.parse as ParseWithSource)(text, revive)
  if (found === undefined) return undefined
  return { source: found.source, path: formatPointer([...(pathTo(root, found.holder) ?? []), found.key]) }
}

/** `JSON.parse` hands the literal's source to its reviver, which the types do not know yet. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
) => unknown

/** An integer of sixteen digits may be beyond 2^53; an exponent of three digits may be beyond the range. */
const SUSPICIOUS_NUMBER = /[:,[\s]-?(?:\d{16,}(?![\d.eE])|\d[\d.]*[eE]\+?\d{3})/

function isLossy(source: string, value: number): boolean {
  if (!Number.isFinite(value)) return true
  // A double that is written in its shortest form may end in other digits than it has; it is written the same again.
  return /^-?\d+$/.test(source) && BigInt(source) !== BigInt(value) && String(value) !== source
}

function pathTo(node: unknown, target: unknown): (string | number)[] | undefined {
  if (node === target) return []
  if (typeof node !== 'object' || node === null) return undefined
  for (const [key, item] of Object.entries(node)) {
    const rest = pathTo(item, target)
    if (rest !== undefined) return [key, ...rest]
  }
  return undefined
}
