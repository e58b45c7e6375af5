/** A commit that adds to the journal: one append, whatever the size of the document. */
import type { Commit } from '../storage.js'
import type { RecordFields } from './audit-record.js'
import { HEADER } from './checkpoint.js'
import { endOf, type JournalView } from './journal.js'
import type { JournalEntry } from './journal-format.js'
import type { LoadedDocument } from './load-document.js'
import { commitRecord, noteRecord } from './make-record.js'
import { chain } from './settle.js'
import { asWriteError, type Base, type Outcome, type Turn } from './turn.js'

export async function appendCommit(turn: Turn, base: Base, loaded: LoadedDocument, commit: Commit): Promise<Outcome> {
  const { journal, layout } = turn.context
  try {
    const view = loaded.journal ?? (await startJournal(turn, base))
    const { hash, seq } = endOf(view)
    const notes = (commit.notes ?? []).map((note) => ({ record: noteRecord(note, seq, turn.record), patch: undefined }))
    const commits = commit.entries.map((entry, index) => ({
      record: commitRecord(entry, seq + 1 + index, turn.record),
      patch: entry.patch,
    }))
    const added = await journal.append(view, toEntries([...notes, ...commits], hash))
    const next = { image: loaded.image, journal: added, data: commit.data }
    return { base: { ...base, loaded: next }, seq: endOf(added).seq }
  } catch (error) {
    throw asWriteError(layout.document, error)
  }
}

/** Begins the journal of a document that has none. */
export function startJournal({ context }: Turn, { sha256, tail }: Base): Promise<JournalView> {
  return context.journal.start({ ...HEADER, base: sha256, prev: tail.hash, seq: tail.seq, token: tail.token })
}

function toEntries(
  items: readonly { readonly record: RecordFields; readonly patch: JournalEntry['patch'] }[],
  prev: string | null,
): JournalEntry[] {
  const lines = chain(
    items.map(({ record }) => record),
    prev,
  )
  return items.map(({ record, patch }, index) => ({ line: lines[index] ?? { text: '', hash: '' }, record, patch }))
}
