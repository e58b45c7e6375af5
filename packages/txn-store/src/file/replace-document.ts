/**
 * A commit that writes the document's file. In this order: the new bytes under a temporary name, the backup link and the history's lines, all synced side
 * by side; the rename; the sync of the folder. Only the rename makes the commit. A crash before it leaves lines about a commit that did not happen and
 * perhaps a backup of the state that still is: `settle` says so in the history.
 */
import { moveFile, writeFileAtomic } from '@holdfast/atomic-file'
import { StateWriteError } from '../errors.js'
import type { Commit } from '../storage.js'
import { sha256 as hashOf, type RecordFields } from './audit-record.js'
import { type DocumentImage, identify, readWhole } from './document-image.js'
import { commitRecord, noteRecord } from './make-record.js'
import { chain, settle, tellOrphaned } from './settle.js'
import { allDone, asWriteError, type Base, compactTime, type Outcome, type Turn } from './turn.js'

export async function replaceDocument(turn: Turn, found: Base, commit: Commit): Promise<Outcome> {
  const { layout, log, journal, backups, codec, deps, backupBeforeWrite, mayKeepBackups } = turn.context
  const isDamaged = found.loaded === undefined
  const base = isDamaged ? await setJournalAside(turn, found) : found
  const bytes = codec.encode(commit.data, base.loaded?.image.bytes)
  const wantsBackup = mayKeepBackups && (backupBeforeWrite || isRestore(commit))
  const keepsBackup = wantsBackup && !isDamaged && base.sha256 !== null
  const backup = keepsBackup ? await backups.nextPath() : undefined
  const records = makeRecords(turn, base, commit)
  let sha256: string | undefined

  const beside = async (): Promise<void> => {
    sha256 = hashOf(bytes)
    const last = records.at(-1)
    if (last !== undefined) {
      const kept = backup === undefined ? {} : { backup: backup.slice(layout.backups.length + 1) }
      records[records.length - 1] = { ...last, before: base.sha256, sha256, ...kept }
    }
    const logged = log.append(chain(records, base.tail.hash), records)
    await allDone(backup === undefined ? [logged] : [logged, backups.keep(backup)])
  }
  const aside = isDamaged && base.sha256 !== null ? `${layout.document}.corrupt-${compactTime(deps.now())}` : undefined
  try {
    const options = {
      publishAfter: beside,
      ...(aside === undefined ? {} : { backupPath: aside }),
      ...(backup === undefined ? {} : { syncAlso: [layout.backups] }),
    }
    await writeFileAtomic(layout.document, bytes, options, deps.files)
  } catch (error) {
    throw await takeBack(turn, error, sha256, backup)
  }
  const image: DocumentImage = {
    identity: identify(layout.document),
    sha256: sha256 ?? null,
    bytes: bytes.length,
    data: commit.data,
  }
  const tail = await log.tail()
  const known = base.loaded?.journal
  if (known !== undefined) await journal.remove()
  const loaded = { image, journal: undefined, data: commit.data }
  return { base: { identity: image.identity, sha256: image.sha256, tail, loaded }, seq: tail.seq, backup }

  /** Says in the history that nothing happened, as far as that can be written; whoever comes next does it otherwise. */
  async function takeBack(
    { context, record }: Turn,
    error: unknown,
    written: string | undefined,
    kept: string | undefined,
  ): Promise<unknown> {
    const path = context.layout.document
    try {
      const now = await readWhole(path)
      if (written !== undefined && now.sha256 === written) return notSynced(path, error)
      await settle(context.log, now.sha256, undefined, record)
      if (kept !== undefined) await context.backups.discard(kept)
    } catch {
      // The first error is the one that tells what is wrong.
    }
    return asWriteError(path, error)
  }
}

/** What a restore replaces is always kept, so that it can be undone. */
export function isRestore({ entries }: Commit): boolean {
  return entries.some(({ kind }) => kind === 'restore')
}

function makeRecords({ record }: Turn, { tail }: Base, commit: Commit): RecordFields[] {
  const notes = (commit.notes ?? []).map((note) => noteRecord(note, tail.seq, record))
  const entries = commit.entries.map((entry, index) => commitRecord(entry, tail.seq + 1 + index, record))
  return [...notes, ...entries]
}

/** What is in it belongs to a document that cannot be read any more: the history tells of it, and it is kept for whoever wants to look. */
async function setJournalAside({ context, record }: Turn, { orphaned, ...base }: Base): Promise<Base> {
  const { journal, deps, log } = context
  const tail = orphaned === undefined ? base.tail : await tellOrphaned(log, base.tail, orphaned, base.sha256, record)
  if (identify(journal.path) === undefined) return { ...base, tail }
  await journal.close()
  await moveFile(journal.path, `${journal.path}.corrupt-${compactTime(deps.now())}`, deps.files)
  return { ...base, tail }
}

function notSynced(path: string, cause: unknown): StateWriteError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StateWriteError(`The commit to '${path}' is in place, but may not survive a power failure: ${reason}`, {
    path,
    hint: 'Look at the disk: it reports errors',
    cause,
  })
}
