import { entriesIn } from '../../file/journal.js'
import type { LoadedDocument } from '../../file/load-document.js'
import type { ChangeContext, CommandResult } from '../command-result.js'
import { harmless } from '../harmless.js'
import type { OpenedDocument } from '../opened-document.js'
import { countOf } from '../render-changes.js'

/** Writes what waits in the journal into the document. Takes a turn even when nothing waits, because that settles what a crash has left. */
export async function checkpoint(
  opened: OpenedDocument,
  { dryRun, signal }: ChangeContext,
  waitMs: number,
): Promise<CommandResult> {
  let commits = waitingCommits(await opened.current())
  if (!dryRun) {
    const session = await opened.storage.acquire({ timeoutMs: waitMs, signal })
    try {
      commits = waitingCommits(await opened.current())
      await session.read()
      await session.checkpoint(false)
    } finally {
      await session.release()
    }
  }
  const done = dryRun ? 'would be' : commits === 1 ? 'was' : 'were'
  const what =
    commits === 0
      ? `Nothing waits in the journal of '${opened.path}'`
      : `${countOf(commits, 'commit')} from the journal ${done} written into '${opened.path}'`
  return { text: `${harmless(what)}\n`, document: { path: opened.path, commits, dryRun } }
}

/** Commits that are in the journal and not yet in the document. */
export function waitingCommits({ image, journal }: LoadedDocument): number {
  return journal === undefined ? 0 : journal.count - (entriesIn(journal, image.sha256) ?? 0)
}
