import type { StateDeps } from '../file-io.js'
import type { StateLogger } from '../logger.js'
import type { LedgerStorageKind } from './open-ledger-storage.js'
import type { Release } from './release.js'
import type { ReleaseStatus } from './release-status.js'
import type { PathDeps } from './staleness.js'
import type { LedgerStorage } from './storage.js'

export interface LedgerOptions {
  /** @default what the file is; for a new one `sqlite` if its name ends in .db, .sqlite or .sqlite3, else `json` */
  readonly storage?: LedgerStorageKind | LedgerStorage | undefined
  /** Change nothing on disk, not even to repair it; changing calls throw. @default false */
  readonly readOnly?: boolean | undefined
  /** How long a change waits for other processes, in milliseconds. @default 10_000 */
  readonly lockTimeoutMs?: number | undefined
  /** Ends that wait. */
  readonly signal?: AbortSignal | undefined
  /** Number of older states to keep of a JSON file, beside `.bak`. @default 5 */
  readonly maxBackups?: number | undefined
  /** Who this is, for the history. */
  readonly label?: string | undefined
  /** Told about damage and repairs. @default process warnings */
  readonly logger?: StateLogger | undefined
}

/** What the ledger needs of the world; replaced in tests. */
export interface LedgerDeps extends StateDeps, PathDeps {}

export interface MarkProcessedOptions {
  /** @default the one that is stored */
  readonly infohash?: string | null | undefined
  /** @default 'COMPLETE' */
  readonly status?: ReleaseStatus | undefined
  /** Allow STAGED → TORRENT_CREATED. @default false */
  readonly skipMetadata?: boolean | undefined
}

export interface CheckpointOptions {
  readonly infohash?: string | null | undefined
  /** @default the release's own, else that of the stage */
  readonly status?: ReleaseStatus | undefined
  /** Allow STAGED → TORRENT_CREATED, for a run without metadata. @default false */
  readonly skipMetadata?: boolean | undefined
  /** The stage was done again because what it made is lost: go back to it, and forget the stages behind it. @default false */
  readonly redo?: boolean | undefined
}

export interface MarkFailedOptions {
  /** @default the class of the error, if it is one */
  readonly errorType?: string | null | undefined
}

export interface ExportOptions {
  /** @default 'json' */
  readonly format?: 'json' | 'csv' | undefined
}

/** An id, or a release whose id is found out. */
export type ReleaseRef = string | Pick<Release, 'asin' | 'sourceDir'>
