/**
 * The lines of the history: one JSON object each, with the fields of the Python original first (timestamp, operation, success, pid, details), so that
 * its readers go on working. Each line carries the hash of the line before it and, at its end, its own: SHA-256 of the line without that last field.
 */
import { hash as digest } from 'node:crypto'
import type { TransactionRecord } from '../storage.js'

/** What goes into a line besides the chain. */
export type RecordFields = Omit<TransactionRecord, 'patch'> & {
  readonly patch?: unknown
  /** The patch, encrypted. */
  readonly sealed?: string
  /** Sequence numbers of records before this one that turned out not to have happened. */
  readonly undone?: readonly number[]
}

export interface ChainedLine {
  readonly text: string
  readonly hash: string
}

/** A line as it was found. */
export interface ParsedLine {
  readonly record: RecordFields
  /** `undefined` for a line of another program, or one that is damaged. */
  readonly hash: string | undefined
  readonly prev: string | null | undefined
}

export function formatLine(fields: RecordFields, prev: string | null): ChainedLine {
  const body = JSON.stringify({ ...fields, prev })
  const hash = sha256(body)
  return { text: `${body.slice(0, -1)}${HASH_FIELD}${hash}"}`, hash }
}

/** Never throws: what cannot be read becomes a record that says so. */
export function parseLine(text: string): ParsedLine {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { record: unreadable(text), hash: undefined, prev: undefined }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { record: unreadable(text), hash: undefined, prev: undefined }
  }
  const { prev, hash, ...record } = value as RecordFields & { prev?: unknown; hash?: unknown }
  if (typeof hash !== 'string' || !(prev === null || typeof prev === 'string')) {
    return { record: foreign(record), hash: undefined, prev: undefined }
  }
  return { record, hash, prev }
}

/** Whether the line is as it was when its hash was made. */
export function isIntact(text: string, hash: string): boolean {
  const end = `${HASH_FIELD}${hash}"}`
  return text.endsWith(end) && sha256(`${text.slice(0, -end.length)}}`) === hash
}

/** Whether the record makes a new state of the document (if it happened). */
export function makesState({ kind, seq }: RecordFields): boolean {
  return seq !== undefined && (kind === 'commit' || kind === 'restore')
}

export function sha256(data: string | Uint8Array): string {
  return digest('sha256', data, 'hex')
}

const HASH_FIELD = ',"hash":"'

function unreadable(text: string): RecordFields {
  return {
    timestamp: '',
    operation: 'unreadable line',
    success: false,
    pid: 0,
    details: { text: text.slice(0, 200) },
    kind: 'damaged',
  }
}

function foreign(value: Partial<RecordFields>): RecordFields {
  const { timestamp, operation, success, pid, details } = value
  return {
    timestamp: typeof timestamp === 'string' ? timestamp : '',
    operation: typeof operation === 'string' ? operation : 'unknown',
    success: success === true,
    pid: typeof pid === 'number' ? pid : 0,
    details: typeof details === 'object' && details !== null ? details : {},
    kind: 'foreign',
  }
}
