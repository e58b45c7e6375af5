/** What each call makes of an entry. Pure: the entry before (`undefined`: none) to the entry after, other programs' fields included. */
import type { JsonObject } from '@holdfast/txn-store'
import { InvalidStatusTransitionError } from '../errors.js'
import { checkpointsOf, fieldOf, type RawEntry, retryCountOf, stampOf, statusOf, textOf } from './entry.js'
import { folderOf, known, type Release } from './release.js'
import {
  allowedFrom,
  RELEASE_STAGES,
  type ReleaseStage,
  type ReleaseStatus,
  STATUS_OF_STAGE,
  type TransitionOptions,
} from './release-status.js'

export interface CheckpointChange extends TransitionOptions {
  readonly stage: ReleaseStage
  readonly status: ReleaseStatus
  readonly infohash: string | undefined
  /** Do the stage over: go back to it, and drop the stamps of those behind it. */
  readonly redo: boolean
  readonly time: string
}

export function afterCheckpoint(before: RawEntry | undefined, release: Release, change: CheckpointChange): JsonObject {
  const { stage, status, redo, time } = change
  if (before !== undefined && !redo) assertTransition(before, status, change)
  const base = before ?? newEntry(release, time)
  const checkpoints = redo ? withoutStages(checkpointsOf(base), stagesAfter(stage)) : checkpointsOf(base)
  return {
    ...base,
    checkpoints: { ...checkpoints, [`${stage}_at`]: time },
    status,
    ...pathsOf(release, change.infohash),
  }
}

export interface ProcessedChange {
  readonly id: string
  readonly status: ReleaseStatus
  readonly infohash: string | undefined
  readonly skipMetadata: boolean
  readonly time: string
}

/** The stage times and the infohash that were noted on the way stay. */
export function afterProcessed(before: RawEntry | undefined, release: Release, change: ProcessedChange): JsonObject {
  const { status, time } = change
  if (before !== undefined) assertTransition(before, status, change)
  const base = before ?? newEntry(release, time)
  const done: JsonObject = {}
  for (const stage of RELEASE_STAGES) done[`${stage}_at`] = null
  return {
    ...base,
    asin: known(release.asin) ?? fieldOf(base, 'asin') ?? null,
    title: formed(release.title) ?? fieldOf(base, 'title') ?? '',
    author: formed(release.author) ?? fieldOf(base, 'author') ?? '',
    processed_at: time,
    checkpoints: { ...done, ...checkpointsOf(base), uploaded_at: time },
    status,
    ...pathsOf(release, change.infohash),
  }
}

export interface FailureChange {
  readonly error: string
  readonly errorType: string | undefined
  readonly time: string
}

export function afterFailure(before: RawEntry | undefined, release: Release, change: FailureChange): JsonObject {
  const { error, errorType, time } = change
  const base: RawEntry = before ?? {}
  return {
    ...base,
    asin: known(release.asin) ?? fieldOf(base, 'asin') ?? null,
    title: formed(release.title) ?? fieldOf(base, 'title') ?? '',
    author: formed(release.author) ?? fieldOf(base, 'author') ?? '',
    error: error.toWellFormed(),
    error_type: errorType?.toWellFormed() ?? null,
    failed_at: time,
    first_failed_at: textOf(base, 'first_failed_at') ?? textOf(base, 'failed_at') ?? time,
    retry_count: retryCountOf(base) + 1,
    source_dir: folderOf(release.sourceDir) ?? fieldOf(base, 'source_dir') ?? null,
  }
}

/**
 * The entry with one stage not done, so that it is done again: its stamp goes, what only it makes goes, and the status falls back to the one before it.
 * Stages behind it keep their stamps. `undefined` when there is nothing to clear.
 */
export function afterStageCleared(before: RawEntry, stage: ReleaseStage): JsonObject | undefined {
  const current = statusOf(before)
  const rank = current === undefined ? -1 : ORDER.indexOf(current)
  const own = ORDER.indexOf(STATUS_OF_STAGE[stage])
  if (fieldOf(checkpointsOf(before), `${stage}_at`) === undefined && rank < own) return undefined
  return {
    ...before,
    checkpoints: { ...checkpointsOf(before), [`${stage}_at`]: null },
    ...(stage === 'torrent' ? { infohash: null, torrent_path: null } : {}),
    ...(stage === 'staged' ? { staging_dir: null } : {}),
    ...(rank >= own ? { status: ORDER[own - 1] ?? 'DISCOVERED' } : {}),
  }
}

/**
 * An entry may go where its status allows, and also where the status allows that its stamps already reach: after one stage was cleared and done again, the
 * stages behind it need not be. A status that nobody knows forbids nothing.
 */
function assertTransition(before: RawEntry, wanted: ReleaseStatus, options: TransitionOptions): void {
  const current = statusOf(before)
  if (current === undefined) return
  const allowed = new Set(allowedFrom(current, options))
  for (const status of reachedFrom(current, before)) for (const next of allowedFrom(status, options)) allowed.add(next)
  if (allowed.has(wanted)) return
  throw new InvalidStatusTransitionError({ current, wanted, allowed: [...allowed], id: options.id })
}

function reachedFrom(current: ReleaseStatus, entry: RawEntry): ReleaseStatus[] {
  const reached: ReleaseStatus[] = []
  for (let rank = ORDER.indexOf(current); rank >= 0 && rank < RELEASE_STAGES.length; rank += 1) {
    const stage = RELEASE_STAGES[rank]
    if (stage === undefined || stampOf(entry, stage) === undefined) break
    reached.push(STATUS_OF_STAGE[stage])
  }
  return reached
}

/** The stage at an index leads from the status at that index to the one behind it. */
const ORDER: readonly ReleaseStatus[] = [
  'DISCOVERED',
  'STAGED',
  'METADATA_FETCHED',
  'TORRENT_CREATED',
  'UPLOADED',
  'COMPLETE',
]

export function stagesAfter(stage: ReleaseStage): ReleaseStage[] {
  return RELEASE_STAGES.slice(RELEASE_STAGES.indexOf(stage) + 1)
}

function withoutStages(checkpoints: JsonObject, stages: readonly ReleaseStage[]): JsonObject {
  const left = { ...checkpoints }
  for (const stage of stages) if (Object.hasOwn(left, `${stage}_at`)) left[`${stage}_at`] = null
  return left
}

function newEntry(release: Release, time: string): JsonObject {
  return {
    asin: known(release.asin) ?? null,
    author: formed(release.author) ?? '',
    checkpoints: {},
    infohash: null,
    processed_at: time,
    staging_dir: null,
    title: formed(release.title) ?? '',
    torrent_path: null,
  }
}

/** Only what is known replaces what is there. */
function pathsOf(release: Release, infohash: string | undefined): JsonObject {
  const stagingDir = known(release.stagingDir)
  const torrentPath = known(release.torrentPath)
  return {
    ...(stagingDir === undefined ? {} : { staging_dir: stagingDir }),
    ...(torrentPath === undefined ? {} : { torrent_path: torrentPath }),
    ...(infohash === undefined ? {} : { infohash }),
  }
}

function formed(text: string | null | undefined): string | undefined {
  return known(text)?.toWellFormed()
}
