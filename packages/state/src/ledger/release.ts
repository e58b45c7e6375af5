import { basename } from 'node:path'
import type { ReleaseStatus } from './release-status.js'

/** A release as the pipeline knows it. Empty texts and `null` count as not known. */
export interface Release {
  /** Audible's number; the release's id when there is one. */
  readonly asin?: string | null | undefined
  readonly title?: string | null | undefined
  readonly author?: string | null | undefined
  /** The folder it was found in; its id when it has no ASIN. */
  readonly sourceDir?: string | null | undefined
  readonly stagingDir?: string | null | undefined
  readonly torrentPath?: string | null | undefined
  /** @default the status of the stage that is noted */
  readonly status?: ReleaseStatus | undefined
}

/**
 * The key of a release in the ledger: its ASIN, else its source folder without a slash at the end, else `undefined`. Neither is folded or normalised, so
 * that programs which share the file agree.
 *
 * @throws TypeError when it has a lone surrogate, which a file cannot hold
 */
export function identifierOf({ asin, sourceDir }: Pick<Release, 'asin' | 'sourceDir'>): string | undefined {
  const id = known(asin) ?? folderOf(sourceDir)
  if (id !== undefined && !id.isWellFormed()) throw new TypeError(`The id ${JSON.stringify(id)} has a lone surrogate`)
  return id
}

/** A folder as ids have it: without a slash at the end. */
export function folderOf(sourceDir: string | null | undefined): string | undefined {
  return known(sourceDir)?.replace(/(?<=[^/])\/+$/, '')
}

/** The ASIN in the name of a folder, such as `Salt Roads {ASIN.B0EXAMPLE3}` or `Salt Roads [B0EXAMPLE3]`. */
export function findAsin(path: string): string | undefined {
  return ASIN_IN_NAME.exec(basename(path))?.[1]
}

const ASIN_IN_NAME = /[[{(](?:ASIN[.:_ -]?)?(B[0-9A-Z]{9}|\d{10})[\]})]/

/** The text, unless it is empty or not there. */
export function known(text: string | null | undefined): string | undefined {
  return text === null || text === '' ? undefined : text
}
