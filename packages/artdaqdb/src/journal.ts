/**
 * Owns the form of `.holdfast.journal` in the database folder: what has been stored since the indexes were last written. One line per
 * append: CRC-32 of the rest in hex, a blank, one JSON record. A commit record is the moment at which runs are stored. A crash can leave a torn
 * last line, which is cut; any other bad line is damage. Documents named by an intent without commit are not stored and are removed by
 * the next writer.
 */
import { crc32 } from 'node:zlib'
import { COLLECTIONS, type Collection } from './collections.js'
import { OID } from './oid.js'

export const JOURNAL_VERSION = 1

export interface DocumentName {
  readonly collection: Collection
  readonly oid: string
}

export interface CommittedDocument extends DocumentName {
  readonly entity: string
  readonly version: string
  readonly assigned: string
}

export interface CommittedRun {
  readonly run: number
  readonly configuration: string
  readonly documents: readonly CommittedDocument[]
}

export type JournalRecord =
  | { readonly type: 'intent'; readonly documents: readonly DocumentName[] }
  | { readonly type: 'commit'; readonly runs: readonly CommittedRun[] }
  | { readonly type: 'rollback' }

export interface JournalPart {
  readonly records: readonly JournalRecord[]
  /** Length of the part in whole, valid lines. */
  readonly validBytes: number
}

/** A line that is not the last has the wrong form. */
export class JournalSyntaxError extends Error {
  override readonly name = 'JournalSyntaxError'
  readonly offset: number
  readonly isNewerVersion: boolean

  constructor(reason: string, offset: number, isNewerVersion = false) {
    super(reason)
    this.offset = offset
    this.isNewerVersion = isNewerVersion
  }
}

export function encodeRecord(record: JournalRecord): string {
  const json = JSON.stringify({ v: JOURNAL_VERSION, ...record })
  return `${checksum(Buffer.from(json))} ${json}\n`
}

/** Reads whole lines; a bad or unfinished last line is left out. @throws JournalSyntaxError for any other bad line. */
export function decodeJournal(bytes: Buffer): JournalPart {
  const records: JournalRecord[] = []
  let start = 0
  while (start < bytes.length) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) break
    const record = decodeLine(bytes.subarray(start, end), start)
    if (record === undefined) {
      if (end + 1 === bytes.length) break
      throw new JournalSyntaxError('a line in its middle is damaged', start)
    }
    records.push(record)
    start = end + 1
  }
  return { records, validBytes: start }
}

function decodeLine(line: Buffer, offset: number): JournalRecord | undefined {
  const json = line.subarray(9)
  if (line[8] !== 0x20 || line.toString('latin1', 0, 8) !== checksum(json)) return undefined
  const record: unknown = JSON.parse(json.toString('utf8'))
  if (isObject(record) && record['v'] !== JOURNAL_VERSION) {
    throw new JournalSyntaxError(
      `it has version ${String(record['v'])}, this program reads ${JOURNAL_VERSION}`,
      offset,
      true,
    )
  }
  if (!isRecord(record)) throw new JournalSyntaxError('it has a record of unknown form', offset)
  return record
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(8, '0')
}

function isRecord(value: unknown): value is JournalRecord {
  if (!isObject(value)) return false
  if (value['type'] === 'rollback') return true
  if (value['type'] === 'intent') return isArrayOf(value['documents'], isDocumentName)
  return value['type'] === 'commit' && isArrayOf(value['runs'], isCommittedRun)
}

function isCommittedRun(value: unknown): value is CommittedRun {
  return (
    isObject(value) &&
    typeof value['run'] === 'number' &&
    typeof value['configuration'] === 'string' &&
    isArrayOf(value['documents'], isCommittedDocument)
  )
}

function isCommittedDocument(value: unknown): value is CommittedDocument {
  if (!isObject(value) || !isDocumentName(value)) return false
  const fields: Record<string, unknown> = value
  return ['entity', 'version', 'assigned'].every((field) => typeof fields[field] === 'string')
}

function isDocumentName(value: unknown): value is DocumentName {
  if (!isObject(value)) return false
  const { collection, oid } = value
  return COLLECTIONS.some((name) => name === collection) && typeof oid === 'string' && OID.test(oid)
}

function isArrayOf<T>(value: unknown, test: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(test)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
