/**
 * The lines of a journal: `<crc32 of the rest> <JSON>[<tab><JSON patch>]`. The first line is the header; the others are records of the history, with their
 * patch behind the tab when the record does not hold it whole, or marks of a checkpoint.
 */
import { crc32 } from 'node:zlib'
import type { JsonPatchOperation } from '../json-patch.js'
import { type ChainedLine, parseLine, type RecordFields } from './audit-record.js'
import type { DocumentCodec } from './codec.js'

export interface JournalHeader {
  readonly holdfast: 'journal'
  readonly version: 1
  /** SHA-256 of the document that the first record starts from; `null` when there was none. */
  readonly base: string | null
  /** The end of the history when the journal was begun. */
  readonly prev: string | null
  readonly seq: number
  readonly token: number
}

/** Up to here the journal is in the document that has this SHA-256. */
export interface CheckpointMark {
  readonly checkpoint: string
}

export interface JournalEntry {
  readonly line: ChainedLine
  readonly record: RecordFields
  /** Absent for records that change nothing. */
  readonly patch: readonly JsonPatchOperation[] | undefined
}

export type JournalLine =
  | { readonly kind: 'header'; readonly header: JournalHeader }
  | { readonly kind: 'checkpoint'; readonly sha256: string }
  | { readonly kind: 'entry'; readonly entry: JournalEntry }

export function formatHeader(header: JournalHeader): string {
  return withChecksum(JSON.stringify(header))
}

export function formatMark(mark: CheckpointMark): string {
  return withChecksum(JSON.stringify(mark))
}

export function formatEntry({ line, record, patch }: JournalEntry, codec: DocumentCodec): string {
  if (patch === undefined || record.patch !== undefined) return withChecksum(line.text)
  const text = JSON.stringify(patch)
  return withChecksum(`${line.text}\t${codec.sealText?.(text) ?? text}`)
}

/** `undefined` for a line that is not whole. */
export function parseJournalLine(text: string, codec: DocumentCodec, path: string): JournalLine | undefined {
  const rest = text.slice(CHECKSUM_LENGTH + 1)
  if (checksum(rest) !== text.slice(0, CHECKSUM_LENGTH)) return undefined
  const [json = '', patchText] = rest.split('\t', 2)
  const { record, hash } = parseLine(json)
  if (hash !== undefined) {
    const patch =
      patchText === undefined
        ? (record.patch as JsonPatchOperation[] | undefined)
        : (JSON.parse(codec.openText(patchText, path)) as JsonPatchOperation[])
    return { kind: 'entry', entry: { line: { text: json, hash }, record, patch } }
  }
  const value = JSON.parse(json) as Partial<JournalHeader & CheckpointMark>
  if (typeof value.checkpoint === 'string') return { kind: 'checkpoint', sha256: value.checkpoint }
  if (value.holdfast === 'journal' && value.version === 1) return { kind: 'header', header: value as JournalHeader }
  return undefined
}

function withChecksum(text: string): string {
  return `${checksum(text)} ${text}\n`
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(CHECKSUM_LENGTH, '0')
}

const CHECKSUM_LENGTH = 8
