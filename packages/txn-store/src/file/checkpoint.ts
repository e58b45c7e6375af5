/**
 * The journal becomes the document. In this order: a mark in the journal with the hash of the new document, beside the staged document and the backup; the
 * rename; the records of the journal into the history; a new journal or none. A crash leaves the old document with the whole journal, or the new one
 * with a journal whose mark says that it is in it.
 */
import { writeFileAtomic } from '@holdfast/atomic-file'
import { sha256 as hashOf } from './audit-record.js'
import { type DocumentImage, identify } from './document-image.js'
import { entriesIn, type JournalView } from './journal.js'
import { finishCheckpoint } from './settle.js'
import { allDone, asWriteError, type Base, type Turn } from './turn.js'

/** Writes the document if the journal has more than it, and begins the journal anew (or removes it). */
export async function checkpoint(turn: Turn, base: Base, keepJournal: boolean): Promise<Base> {
  const { journal, log } = turn.context
  const view = base.loaded?.journal
  if (base.loaded === undefined || view === undefined) return base
  const written = entriesIn(view, base.sha256) === view.count ? base : await writeDocument(turn, base, view)
  const { sha256 } = written
  const loaded = written.loaded ?? base.loaded
  // Before the new journal begins, so that its header names the line that is the last one then.
  await log.rotate()
  const tail = await log.tail()
  const next = keepJournal
    ? await journal.start({ ...HEADER, base: sha256, prev: tail.hash, seq: tail.seq, token: tail.token })
    : await journal.remove()
  turn.context.backups.rotate()
  return { ...written, tail, loaded: { ...loaded, journal: next ?? undefined } }
}

export const HEADER = { holdfast: 'journal', version: 1 } as const

async function writeDocument(turn: Turn, base: Base, view: JournalView): Promise<Base> {
  const { layout, log, journal, backups, codec, deps, backupBeforeWrite, mayKeepBackups } = turn.context
  const { loaded } = base
  if (loaded === undefined) return base
  const bytes = codec.encode(loaded.data)
  const sha256 = hashOf(bytes)
  const backup = mayKeepBackups && backupBeforeWrite && base.sha256 !== null ? await backups.nextPath() : undefined
  let marked = view
  const beside = async (): Promise<void> => {
    const mark = journal.mark(view, sha256).then((made) => {
      marked = made
    })
    await allDone(backup === undefined ? [mark] : [mark, backups.keep(backup)])
  }
  try {
    await writeFileAtomic(
      layout.document,
      bytes,
      { publishAfter: beside, ...(backup === undefined ? {} : { syncAlso: [layout.backups] }) },
      deps.files,
    )
    const image: DocumentImage = {
      identity: identify(layout.document),
      sha256,
      bytes: bytes.length,
      data: loaded.data,
    }
    const name = backup?.slice(layout.backups.length + 1)
    const { tail } = await finishCheckpoint(log, base.tail, marked, marked.count, sha256, turn.record, name)
    return { identity: image.identity, sha256, tail, loaded: { image, journal: marked, data: loaded.data } }
  } catch (error) {
    throw asWriteError(layout.document, error)
  }
}

/** Whether the journal has grown so large that the next reader is better off with a new document. */
export function isDue(view: JournalView, documentBytes: number): boolean {
  return view.size > Math.max(MIN_JOURNAL_BYTES, documentBytes) || view.count > MAX_JOURNAL_ENTRIES
}

const MIN_JOURNAL_BYTES = 1024 * 1024
const MAX_JOURNAL_ENTRIES = 20_000
