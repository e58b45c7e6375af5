import { readdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { describeProcessed, type ProcessedRelease, statusOf } from './entry.js'
import type { ReleaseStatus } from './release-status.js'
import type { LedgerView } from './storage.js'

export type PathField = 'staging_dir' | 'torrent_path'

/** The files a release needs to go on from each status. What is complete needs none: they are expected to move. */
export const REQUIRED_PATHS: Readonly<Record<ReleaseStatus, readonly PathField[]>> = {
  DISCOVERED: [],
  STAGED: ['staging_dir'],
  METADATA_FETCHED: ['staging_dir'],
  TORRENT_CREATED: ['staging_dir', 'torrent_path'],
  UPLOADED: ['torrent_path'],
  COMPLETE: [],
  FAILED: [],
}

/** A release that cannot go on, because files are gone that its status needs. */
export interface StaleEntry {
  readonly id: string
  readonly title: string | undefined
  readonly status: string
  readonly missing: readonly { readonly field: PathField; readonly path: string; readonly root: string | undefined }[]
}

/** How the ledger looks at files; replaced in tests. */
export interface PathDeps {
  /** `false` only when it is certain that there is none: what cannot be looked at (permissions, a disk error) counts as there. */
  readonly exists?: (path: string) => boolean
  /** Whether there is a folder with something in it. */
  readonly hasContent?: (folder: string) => boolean
}

export function findStale(view: LedgerView, deps: PathDeps): StaleEntry[] {
  const stale: StaleEntry[] = []
  for (const [id, entry] of view.entries('processed')) {
    const found = staleness(describeProcessed(id, entry), deps)
    if (found !== undefined) stale.push(found)
  }
  return stale
}

export function staleness(release: ProcessedRelease, deps: PathDeps): StaleEntry | undefined {
  const { id, title, entry } = release
  const status = statusOf(entry)
  if (status === undefined) return undefined
  const { exists = pathExists } = deps
  const missing = REQUIRED_PATHS[status].flatMap((field) => {
    const path = field === 'staging_dir' ? release.stagingDir : release.torrentPath
    return path === undefined || exists(path) ? [] : [{ field, path, root: findGoneRoot(path, release, deps) }]
  })
  return missing.length === 0 ? undefined : { id, title, status, missing }
}

/**
 * The folder that holds all releases, when that is not there or empty: a disk that is not mounted leaves just that. A torrent file lies in it or in a
 * folder named as that of the release.
 */
function findGoneRoot(path: string, { stagingDir }: ProcessedRelease, deps: PathDeps): string | undefined {
  const { hasContent = folderHasContent } = deps
  const parent = dirname(path)
  const isOwn = stagingDir !== undefined && path !== stagingDir && basename(parent) === basename(stagingDir)
  const root = isOwn ? dirname(parent) : parent
  return hasContent(root) ? undefined : root
}

export function pathExists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return true
  }
}

function folderHasContent(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0
  } catch {
    return pathExists(folder)
  }
}
