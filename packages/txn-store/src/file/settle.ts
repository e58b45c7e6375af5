/**
 * Brings the history into line with the document: the document is the truth about what is, the history about how it came to be. To be done under the
 * guard before anything new is written. Lines are only added. What a crash can leave, and what is done:
 *
 * - a commit's records without its document (killed before the rename): a `recovery` record names them as undone;
 * - a document without the records that its journal mark announced (killed during a checkpoint): they are added, then the `checkpoint` record;
 * - a document that neither made (another program, a deleted file, a copy put back by hand): an `external` record.
 */
import type { AuditLog, LogTail } from './audit-log.js'
import { type ChainedLine, formatLine, type RecordFields } from './audit-record.js'
import { entriesOf, type JournalView } from './journal.js'
import type { JournalEntry } from './journal-format.js'
import { type RecordContext, stateRecord } from './make-record.js'

export interface Settled {
  readonly tail: LogTail
  /** What had to be settled; `undefined` when everything was in order. */
  readonly recovered: string | undefined
}

export async function settle(
  log: AuditLog,
  documentSha256: string | null,
  journal: JournalView | undefined,
  context: RecordContext,
): Promise<Settled> {
  const tail = await log.tail()
  const { state, unfinished } = tail
  // While commits wait in the journal, the history ends where the journal begins.
  const included = journal?.checkpoints.get(documentSha256) ?? 0
  const before = state?.sha256 ?? null
  if (journal !== undefined && included > 0 && state?.sha256 !== documentSha256) {
    return finishCheckpoint(log, tail, journal, included, documentSha256, context)
  }
  if (state?.sha256 === documentSha256 || (state === undefined && unfinished.length === 0)) {
    if (unfinished.length === 0) return { tail, recovered: undefined }
    return undo(log, tail, unfinished, documentSha256, context)
  }
  if (state === undefined || state.before === documentSha256) {
    const isCommit = state?.kind === 'commit' || state?.kind === 'restore'
    const undone = isCommit ? [...unfinished, ...tail.group] : unfinished
    if (undone.length > 0) return undo(log, tail, undone, documentSha256, context)
  }
  const record = stateRecord('external', tail.seq + 1, EXTERNAL, { before, sha256: documentSha256 }, context)
  return { tail: await add(log, tail, [record]), recovered: undefined }
}

/** Adds the records of the journal that are in the document but not yet in the history, and what ends them. */
export async function finishCheckpoint(
  log: AuditLog,
  tail: LogTail,
  journal: JournalView,
  included: number,
  documentSha256: string | null,
  context: RecordContext,
  backup?: string,
): Promise<Settled> {
  const moved = entriesNotIn(tail, entriesOf(journal).slice(0, included))
  const last = moved.at(-1)
  const state = { before: tail.state?.sha256 ?? null, sha256: documentSha256, backup }
  const seq = last?.record.seq ?? tail.seq
  const record = stateRecord('checkpoint', seq, { commits: moved.length }, state, context)
  const line = formatLine(record, last?.line.hash ?? tail.hash)
  await log.append([...moved.map((entry) => entry.line), line], [...moved.map((entry) => entry.record), record])
  return { tail: await log.tail(), recovered: 'a checkpoint was completed' }
}

/** Whether the journal of a document that cannot be read goes on where the log ends; not when the log tells of that document already. */
export function isOrphaned(journal: JournalView, { hash, state }: LogTail, documentSha256: string | null): boolean {
  if (journal.count === 0 || state?.sha256 === documentSha256) return false
  return journal.header.prev === hash || entriesOf(journal).some(({ line }) => line.hash === hash)
}

/** Adds the records of an orphaned journal: they happened, whatever became of the document. Its end is an `external` record. */
export async function tellOrphaned(
  log: AuditLog,
  tail: LogTail,
  journal: JournalView,
  documentSha256: string | null,
  context: RecordContext,
): Promise<LogTail> {
  const moved = entriesNotIn(tail, entriesOf(journal))
  const last = moved.at(-1)
  const state = { before: tail.state?.sha256 ?? null, sha256: documentSha256 }
  const record = stateRecord('external', (last?.record.seq ?? tail.seq) + 1, EXTERNAL, state, context)
  const line = formatLine(record, last?.line.hash ?? tail.hash)
  await log.append([...moved.map((entry) => entry.line), line], [...moved.map((entry) => entry.record), record])
  return log.tail()
}

/** A crash may have come after some of them were added. */
function entriesNotIn(tail: LogTail, entries: readonly JournalEntry[]): readonly JournalEntry[] {
  return entries.slice(entries.findLastIndex(({ line }) => line.hash === tail.hash) + 1)
}

async function undo(
  log: AuditLog,
  tail: LogTail,
  undone: readonly number[],
  documentSha256: string | null,
  context: RecordContext,
): Promise<Settled> {
  const before = tail.state?.sha256 ?? null
  const record = {
    ...stateRecord('recovery', tail.seq, UNDONE, { before, sha256: documentSha256 }, context),
    undone,
  }
  const recovered = `${undone.length} commit${undone.length === 1 ? '' : 's'} of a process that died were never completed`
  return { tail: await add(log, tail, [record]), recovered }
}

/** Makes lines of records, in a chain. */
export function chain(records: readonly RecordFields[], prev: string | null): ChainedLine[] {
  let hash = prev
  return records.map((record) => {
    const line = formatLine(record, hash)
    hash = line.hash
    return line
  })
}

async function add(log: AuditLog, tail: LogTail, records: readonly RecordFields[]): Promise<LogTail> {
  await log.append(chain(records, tail.hash), records)
  return log.tail()
}

const EXTERNAL = { reason: 'another program changed, replaced or removed the document' }
const UNDONE = {
  reason:
    'the document is what it was before these commits: they were never completed, or the old content was put back by hand',
}
