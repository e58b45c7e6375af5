/**
 * The text of a state file: one JSON object with the counters `last_contiguous_run` and `last_attempted_run` and whatever other programs keep
 * beside them. Written as Python's `json.dump(state, file, indent=2)` does, so that the Python archiver can read and continue it.
 */
import { decodeUtf8 } from '@holdfast/atomic-file'
import { messageOf } from './errors.js'
import { isRunNumber } from './run-numbers.js'

export const CONTIGUOUS = 'last_contiguous_run'
export const ATTEMPTED = 'last_attempted_run'

/** The two counters of a state file; a counter that is absent counts as 0. */
export interface RunCounters {
  readonly lastContiguousRun: number
  readonly lastAttemptedRun: number
}

export interface StateDocument extends RunCounters {
  /** The fields as plain values, for callers. */
  readonly values: Readonly<Record<string, unknown>>
  /** The fields with the source text of numbers JavaScript cannot hold exactly, for writing them back. */
  readonly fields: Readonly<Record<string, unknown>>
}

export const EMPTY_DOCUMENT: StateDocument = { values: {}, fields: {}, lastContiguousRun: 0, lastAttemptedRun: 0 }

/** @throws Error whose message says why the bytes are not a state file. */
export function parseStateDocument(bytes: Uint8Array, source: string): StateDocument {
  const text = decodeUtf8(bytes, source).replace(/^\uFEFF/, '')
  if (text.trim() === '') throw new Error('it is empty')
  const values = asObject(parseJson(text))
  return {
    values,
    fields: asObject(parseExactly(text)),
    lastContiguousRun: counter(values, CONTIGUOUS),
    lastAttemptedRun: counter(values, ATTEMPTED),
  }
}

/** The text of a state file with these fields and, if given, these counters. @throws TypeError when a value has no JSON form. */
export function formatStateDocument(
  fields: Readonly<Record<string, unknown>>,
  counters: Partial<RunCounters> = {},
): string {
  const { lastContiguousRun, lastAttemptedRun } = counters
  const document = {
    ...fields,
    ...(lastContiguousRun === undefined ? {} : { [CONTIGUOUS]: lastContiguousRun }),
    ...(lastAttemptedRun === undefined ? {} : { [ATTEMPTED]: lastAttemptedRun }),
  }
  return JSON.stringify(document, null, 2).replace(/[\u007f-\uffff]/g, escapeUnit)
}

function counter(values: Readonly<Record<string, unknown>>, name: string): number {
  if (!Object.hasOwn(values, name)) return 0
  const value = values[name]
  if (!isRunNumber(value)) throw new Error(`"${name}" is not a run number: ${JSON.stringify(value)}`)
  return value
}

function asObject(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('its top level is not a JSON object')
  }
  return value as Record<string, unknown>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new Error(`it is not JSON: ${messageOf(error)}`, { cause: error })
  }
}

// Not yet in TypeScript's library: the reviver's third argument and JSON.rawJSON.
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): object
}

/** 64-bit counters and Python's `1.0` of other programs must come out of a read-modify-write as they went in. */
function parseExactly(text: string): unknown {
  const exact = JSON as unknown as ExactJson
  return exact.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
  )
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
