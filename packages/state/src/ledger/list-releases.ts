import {
  describeFailed,
  describeProcessed,
  type FailedRelease,
  type LedgerMap,
  type ProcessedRelease,
} from './entry.js'
import type { LedgerView } from './storage.js'

export interface ListOptions {
  /** @default both */
  readonly maps?: readonly LedgerMap[] | undefined
  /** Only processed entries with one of these statuses; `FAILED` also stands for the failed ones. @default all */
  readonly status?: readonly string[] | undefined
  /** Only entries of this instant or later, epoch milliseconds. @default all */
  readonly sinceMs?: number | undefined
  /** How many of each map, at most. @default Infinity */
  readonly limit?: number | undefined
}

export interface LedgerList {
  /** Of the whole ledger, whatever was asked for. */
  readonly counts: Readonly<Record<LedgerMap, number>>
  /** How many there are of what was asked for, whatever the limit. */
  readonly matching: Readonly<Record<LedgerMap, number>>
  /** Newest first; those without a time last. */
  readonly processed: readonly ProcessedRelease[]
  readonly failed: readonly FailedRelease[]
}

export function listReleases(view: LedgerView, options: ListOptions): LedgerList {
  const { maps = ['processed', 'failed'], status, sinceMs, limit = Number.POSITIVE_INFINITY } = options
  if (!(limit >= 0)) throw new RangeError(`limit must be 0 or more, not ${limit}`)
  const processed = maps.includes('processed')
    ? pick(view, 'processed', describeProcessed, sinceMs, (release) => status?.includes(release.status) ?? true)
    : []
  const failed =
    maps.includes('failed') && (status?.includes('FAILED') ?? true)
      ? pick(view, 'failed', describeFailed, sinceMs, () => true)
      : []
  return {
    counts: { processed: view.count('processed'), failed: view.count('failed') },
    matching: { processed: processed.length, failed: failed.length },
    processed: processed.slice(0, limit),
    failed: failed.slice(0, limit),
  }
}

function pick<R extends { readonly at: number | undefined }>(
  view: LedgerView,
  map: LedgerMap,
  describe: (id: string, entry: Parameters<typeof describeProcessed>[1]) => R,
  sinceMs: number | undefined,
  isWanted: (release: R) => boolean,
): R[] {
  const releases: R[] = []
  for (const [id, entry] of view.entries(map)) {
    const release = describe(id, entry)
    if (isWanted(release) && (sinceMs === undefined || (release.at ?? 0) >= sinceMs)) releases.push(release)
  }
  return releases.sort((a, b) => (b.at ?? Number.NEGATIVE_INFINITY) - (a.at ?? Number.NEGATIVE_INFINITY) || 0)
}
