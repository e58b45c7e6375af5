import { MissingRootError } from '../errors.js'
import { describeFailed } from './entry.js'
import type { LedgerDraft } from './ledger-draft.js'
import { findStale, type PathDeps, type StaleEntry } from './staleness.js'
import type { LedgerView } from './storage.js'

export interface PruneOptions {
  /** Remove what cannot go on because its files are gone. @default true */
  readonly stale?: boolean | undefined
  /** Remove failures whose last one is older than this, in milliseconds. @default none */
  readonly failedOlderThanMs?: number | undefined
  /** Remove only these ids, if they are still due: those that somebody was shown and agreed to. @default all that are due */
  readonly ids?: readonly string[] | undefined
  /** Remove also when the whole folder is gone in which files are missed. @default false */
  readonly force?: boolean | undefined
  /** Only tell. @default false */
  readonly dryRun?: boolean | undefined
}

export interface PruneResult {
  /** Removed from `processed`, or to be removed in a dry run. */
  readonly stale: readonly StaleEntry[]
  /** Removed from `failed`, or to be removed in a dry run. */
  readonly failed: readonly { readonly id: string; readonly title: string | undefined; readonly at: number }[]
  /** Folders that are missing or empty as a whole; only a forced prune removes the releases below them. */
  readonly missingRoots: readonly string[]
}

/** What is due to go. */
export function findPrunable(view: LedgerView, options: PruneOptions, now: number, deps: PathDeps): PruneResult {
  const { stale: wantsStale = true, failedOlderThanMs, ids } = options
  const isMeant = ids === undefined ? () => true : isIn(new Set(ids))
  const stale = wantsStale ? findStale(view, deps).filter(({ id }) => isMeant(id)) : []
  const failed: { id: string; title: string | undefined; at: number }[] = []
  if (failedOlderThanMs !== undefined) {
    for (const [id, entry] of view.entries('failed')) {
      const { at, title } = describeFailed(id, entry)
      // One without a time has no age, and stays.
      if (at !== undefined && at < now - failedOlderThanMs && isMeant(id)) failed.push({ id, title, at })
    }
  }
  return { stale, failed, missingRoots: [...new Set(stale.flatMap(rootsOf))] }
}

/** @throws MissingRootError: nothing is removed then, not even what could be */
export function pruneIn(draft: LedgerDraft, options: PruneOptions, now: number, deps: PathDeps): PruneResult {
  const result = findPrunable(draft, options, now, deps)
  if (result.missingRoots.length > 0 && options.force !== true) {
    const ids = result.stale.filter((entry) => rootsOf(entry).length > 0).map(({ id }) => id)
    throw new MissingRootError(result.missingRoots, ids)
  }
  for (const { id } of result.stale) draft.delete('processed', id)
  for (const { id } of result.failed) draft.delete('failed', id)
  return result
}

function rootsOf({ missing }: StaleEntry): string[] {
  return missing.flatMap(({ root }) => root ?? [])
}

function isIn(ids: ReadonlySet<string>): (id: string) => boolean {
  return (id) => ids.has(id)
}
