import {
  describeFailed,
  describeProcessed,
  type FailedRelease,
  fieldOf,
  type LedgerMap,
  type ProcessedRelease,
  type RawEntry,
  statusTextOf,
} from './entry.js'
import { parseLocalTime } from './local-time.js'
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

export interface LedgerEntryList extends Pick<LedgerList, 'counts' | 'matching'> {
  /** Newest first; those without a time last. */
  readonly processed: readonly LedgerRow[]
  readonly failed: readonly LedgerRow[]
}

export interface LedgerRow {
  readonly id: string
  readonly entry: RawEntry
}

export function listReleases(view: LedgerView, options: ListOptions): LedgerList {
  const { processed, failed, ...numbers } = listEntries(view, options)
  return {
    ...numbers,
    processed: processed.map(({ id, entry }) => describeProcessed(id, entry)),
    failed: failed.map(({ id, entry }) => describeFailed(id, entry)),
  }
}

export function listEntries(view: LedgerView, options: ListOptions): LedgerEntryList {
  const {
    maps = ['processed', 'failed'],
    status,
    sinceMs = Number.NEGATIVE_INFINITY,
    limit = Number.POSITIVE_INFINITY,
  } = options
  if (!(limit >= 0)) throw new RangeError(`limit must be 0 or more, not ${limit}`)
  const processed = maps.includes('processed')
    ? pick(view, 'processed', sinceMs, (entry) => status?.includes(statusTextOf(entry)) ?? true)
    : []
  const failed =
    maps.includes('failed') && (status?.includes('FAILED') ?? true) ? pick(view, 'failed', sinceMs, () => true) : []
  return {
    counts: { processed: view.count('processed'), failed: view.count('failed') },
    matching: { processed: processed.length, failed: failed.length },
    processed: processed.slice(0, limit),
    failed: failed.slice(0, limit),
  }
}

interface Row extends LedgerRow {
  readonly at: number
}

/** Newest first; only what is needed to choose is read of each entry. */
function pick(view: LedgerView, map: LedgerMap, sinceMs: number, isWanted: (entry: RawEntry) => boolean): Row[] {
  const rows: Row[] = []
  for (const [id, entry] of view.entries(map)) {
    const at = parseLocalTime(fieldOf(entry, TIME_FIELDS[map])) ?? Number.NEGATIVE_INFINITY
    if (isWanted(entry) && at >= sinceMs) rows.push({ id, entry, at })
  }
  return rows.sort((a, b) => (a.at === b.at ? 0 : b.at - a.at))
}

const TIME_FIELDS: Readonly<Record<LedgerMap, string>> = { processed: 'processed_at', failed: 'failed_at' }
