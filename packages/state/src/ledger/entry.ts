/** Reading the entries of both maps, whatever programs of whatever age have left in them: a field of another type counts as not there. */
import type { JsonObject, JsonValue } from '@holdfast/txn-store'
import { parseLocalTime } from './local-time.js'
import { isReleaseStatus, RELEASE_STAGES, type ReleaseStage, type ReleaseStatus } from './release-status.js'

/** The two maps of the document. */
export type LedgerMap = 'processed' | 'failed'

/** An entry as it is in the document, fields of other programs included. Not to be changed. */
export type RawEntry = { readonly [field: string]: JsonValue }

/** An entry of `processed`: a release that is complete, or on its way. */
export interface ProcessedRelease {
  readonly map: 'processed'
  readonly id: string
  readonly asin: string | undefined
  readonly title: string | undefined
  readonly author: string | undefined
  /** When it was noted last as processed, or first as staged; epoch milliseconds. */
  readonly at: number | undefined
  /** As it is in the file: `COMPLETE` when there is none, and any text when another program wrote that. */
  readonly status: string
  readonly stagingDir: string | undefined
  readonly torrentPath: string | undefined
  readonly infohash: string | undefined
  /** When each stage was done, epoch milliseconds. */
  readonly checkpoints: Readonly<Partial<Record<ReleaseStage, number>>>
  readonly entry: RawEntry
}

/** An entry of `failed`. */
export interface FailedRelease {
  readonly map: 'failed'
  readonly id: string
  readonly asin: string | undefined
  readonly title: string | undefined
  readonly author: string | undefined
  readonly sourceDir: string | undefined
  readonly error: string | undefined
  readonly errorType: string | undefined
  /** The last and the first failure, epoch milliseconds. */
  readonly at: number | undefined
  readonly firstFailedAt: number | undefined
  /** Counts failures. */
  readonly retryCount: number
  readonly entry: RawEntry
}

export function describeProcessed(id: string, entry: RawEntry): ProcessedRelease {
  const checkpoints: Partial<Record<ReleaseStage, number>> = {}
  for (const stage of RELEASE_STAGES) {
    const at = stampOf(entry, stage)
    if (at !== undefined) checkpoints[stage] = at
  }
  return {
    map: 'processed',
    id,
    asin: textOf(entry, 'asin'),
    title: textOf(entry, 'title'),
    author: textOf(entry, 'author'),
    at: parseLocalTime(fieldOf(entry, 'processed_at')),
    status: statusTextOf(entry),
    stagingDir: textOf(entry, 'staging_dir'),
    torrentPath: textOf(entry, 'torrent_path'),
    infohash: textOf(entry, 'infohash'),
    checkpoints,
    entry,
  }
}

export function describeFailed(id: string, entry: RawEntry): FailedRelease {
  return {
    map: 'failed',
    id,
    asin: textOf(entry, 'asin'),
    title: textOf(entry, 'title'),
    author: textOf(entry, 'author'),
    sourceDir: textOf(entry, 'source_dir') ?? textOf(entry, 'path'),
    error: textOf(entry, 'error'),
    errorType: textOf(entry, 'error_type'),
    at: parseLocalTime(fieldOf(entry, 'failed_at')),
    firstFailedAt: parseLocalTime(fieldOf(entry, 'first_failed_at')),
    retryCount: retryCountOf(entry),
    entry,
  }
}

export function fieldOf(entry: RawEntry, field: string): JsonValue | undefined {
  return Object.hasOwn(entry, field) ? entry[field] : undefined
}

export function textOf(entry: RawEntry, field: string): string | undefined {
  const value = fieldOf(entry, field)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Files of the first programs have no status; what they held was complete. */
export function statusTextOf(entry: RawEntry): string {
  const status = fieldOf(entry, 'status')
  if (status === undefined) return 'COMPLETE'
  return typeof status === 'string' ? status : String(status)
}

/** `undefined` when it is none that this program knows. */
export function statusOf(entry: RawEntry): ReleaseStatus | undefined {
  const status = statusTextOf(entry)
  return isReleaseStatus(status) ? status : undefined
}

export function retryCountOf(entry: RawEntry): number {
  const count = fieldOf(entry, 'retry_count')
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0
}

export function checkpointsOf(entry: RawEntry): JsonObject {
  const checkpoints = fieldOf(entry, 'checkpoints')
  return typeof checkpoints === 'object' && checkpoints !== null && !Array.isArray(checkpoints) ? checkpoints : {}
}

/** When a stage was done; a stamp that is not a date-time is none. */
export function stampOf(entry: RawEntry, stage: string): number | undefined {
  return parseLocalTime(fieldOf(checkpointsOf(entry), `${stage}_at`))
}
