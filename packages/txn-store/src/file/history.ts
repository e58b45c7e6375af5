/**
 * The history, read from its end: the journal, the log, and what was rotated out of it. Reads only as much as is asked for.
 */
import { errorCode } from '@holdfast/atomic-file'
import type { JsonPatchOperation } from '../json-patch.js'
import { openForReading } from '../open-for-reading.js'
import type { TransactionRecord } from '../storage.js'
import { type ParsedLine, parseLine, type RecordFields } from './audit-record.js'
import type { DocumentCodec } from './codec.js'
import { entriesOf, type JournalView } from './journal.js'
import { isSameFile, oldLogs } from './log-rotation.js'
import { readLinesBackwards } from './read-lines-backwards.js'

/** The lines of the log and its older files, newest first. A line without its line feed is not there yet. */
export async function* logLines(path: string): AsyncGenerator<ParsedLine & { readonly text: string }, void, void> {
  for (const file of [path, ...(await oldLogs(path))]) {
    try {
      if (file !== path && (await isSameFile(file, path))) continue
      await using handle = await openForReading(file)
      for await (const line of readLinesBackwards(handle, (await handle.stat()).size)) {
        if (line.complete) yield { ...parseLine(line.text), text: line.text }
      }
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
}

/**
 * The records that are true, newest first: a commit that was undone tells that it failed, and one whose document is not there yet is left out.
 */
export async function* readHistory(
  path: string,
  documentSha256: string | null,
  journal: JournalView | undefined,
  codec: DocumentCodec,
): AsyncGenerator<TransactionRecord, void, void> {
  const included = journal?.checkpoints.get(documentSha256) ?? 0
  const waiting = journal === undefined ? [] : entriesOf(journal).toReversed()
  for (const { record } of waiting) yield present(record, true, codec, path)
  const told = new Set(waiting.map(({ line }) => line.hash))
  const undone = new Set<number>()
  // Until a record tells what the document's bytes are, nobody knows whether what it ends has happened.
  let phase: 'undecided' | 'in flight' | 'decided' = 'undecided'
  for await (const { record, hash } of logLines(path)) {
    if (hash !== undefined && told.has(hash)) continue
    if (hash !== undefined && phase !== 'decided') {
      if (!('sha256' in record)) {
        if (isCommit(record)) continue
      } else if (phase === 'undecided' && included === 0 && isWaiting(record, documentSha256)) {
        phase = 'in flight'
        continue
      } else phase = 'decided'
    }
    for (const seq of record.undone ?? []) undone.add(seq)
    const happened = !(isCommit(record) && undone.has(record.seq ?? 0))
    yield present(record, happened, codec, path)
  }
}

function isCommit({ kind }: RecordFields): boolean {
  return kind === 'commit' || kind === 'restore'
}

/** The document that this record announces is not there; the one before it still is. */
function isWaiting(record: RecordFields, documentSha256: string | null): boolean {
  return isCommit(record) && record.before === documentSha256 && record.sha256 !== documentSha256
}

function present(record: RecordFields, happened: boolean, codec: DocumentCodec, path: string): TransactionRecord {
  const { sealed, undone: _, patch, ...plain } = record
  const change = sealed === undefined ? {} : openChange(sealed, codec, path)
  const told = { ...plain, ...(patch === undefined ? {} : { patch: patch as JsonPatchOperation[] }), ...change }
  if (happened) return told
  return { ...told, success: false, details: { ...plain.details, error: NEVER_COMPLETED } }
}

/** Without its key, what was changed cannot be told; the rest of the record can. */
function openChange(sealed: string, codec: DocumentCodec, path: string): Partial<TransactionRecord> {
  try {
    return JSON.parse(codec.openText(sealed, path)) as Partial<TransactionRecord>
  } catch (error) {
    if (errorCode(error) === 'ERR_WRONG_KEY') return {}
    throw error
  }
}

const NEVER_COMPLETED = 'the commit was never completed: its process died, or the old content was put back by hand'
