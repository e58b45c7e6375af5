import { InvalidStatusTransitionError } from '../errors.js'

/** How far a release is, in the names that processed.json holds. */
export const ReleaseStatus = {
  DISCOVERED: 'DISCOVERED',
  STAGED: 'STAGED',
  METADATA_FETCHED: 'METADATA_FETCHED',
  TORRENT_CREATED: 'TORRENT_CREATED',
  UPLOADED: 'UPLOADED',
  COMPLETE: 'COMPLETE',
  FAILED: 'FAILED',
} as const

export type ReleaseStatus = (typeof ReleaseStatus)[keyof typeof ReleaseStatus]

/** A step of the pipeline that leaves a stamp; `uploaded` is the last. */
export type ReleaseStage = 'staged' | 'metadata' | 'torrent' | 'uploaded'

/** The stages in their order. */
export const RELEASE_STAGES: readonly ReleaseStage[] = ['staged', 'metadata', 'torrent', 'uploaded']

export interface TransitionOptions {
  /** Allow STAGED → TORRENT_CREATED, for a run that leaves the metadata out. @default false */
  readonly skipMetadata?: boolean
  /** Whose status it is, for the message. */
  readonly id?: string | undefined
}

/**
 * Where a release may go from each status. Beside the way from DISCOVERED to COMPLETE, all but COMPLETE may fail, and what failed begins again at
 * DISCOVERED.
 */
export const ALLOWED_TRANSITIONS: Readonly<Record<ReleaseStatus, readonly ReleaseStatus[]>> = {
  DISCOVERED: ['DISCOVERED', 'STAGED', 'FAILED'],
  STAGED: ['STAGED', 'METADATA_FETCHED', 'FAILED'],
  METADATA_FETCHED: ['METADATA_FETCHED', 'TORRENT_CREATED', 'FAILED'],
  TORRENT_CREATED: ['TORRENT_CREATED', 'UPLOADED', 'COMPLETE', 'FAILED'],
  UPLOADED: ['UPLOADED', 'COMPLETE', 'FAILED'],
  COMPLETE: ['COMPLETE'],
  FAILED: ['FAILED', 'DISCOVERED'],
}

/**
 * Checks that a release may go from one status to another; staying is always fine.
 *
 * @throws InvalidStatusTransitionError that names both and what would be allowed.
 * @example validateTransition('STAGED', 'TORRENT_CREATED', { skipMetadata: true })
 */
export function validateTransition(
  current: ReleaseStatus,
  wanted: ReleaseStatus,
  options: TransitionOptions = {},
): void {
  const allowed = allowedFrom(current, options)
  if (!allowed.includes(wanted)) throw new InvalidStatusTransitionError({ current, wanted, allowed, id: options.id })
}

export function allowedFrom(current: ReleaseStatus, { skipMetadata = false }: TransitionOptions): ReleaseStatus[] {
  const allowed = [...ALLOWED_TRANSITIONS[current]]
  if (skipMetadata && current === 'STAGED') allowed.push('TORRENT_CREATED')
  return allowed
}

export function isReleaseStatus(value: unknown): value is ReleaseStatus {
  return typeof value === 'string' && Object.hasOwn(ReleaseStatus, value)
}

/** The status a stage leads to. */
export const STATUS_OF_STAGE: Readonly<Record<ReleaseStage, ReleaseStatus>> = {
  staged: 'STAGED',
  metadata: 'METADATA_FETCHED',
  torrent: 'TORRENT_CREATED',
  uploaded: 'UPLOADED',
}

export function isReleaseStage(value: unknown): value is ReleaseStage {
  return typeof value === 'string' && Object.hasOwn(STATUS_OF_STAGE, value)
}
