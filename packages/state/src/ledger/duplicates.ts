import type { JsonObject } from '@holdfast/txn-store'
import { compareCodePoints } from './code-points.js'
import {
  checkpointsOf,
  describeFailed,
  describeProcessed,
  fieldOf,
  type RawEntry,
  retryCountOf,
  statusOf,
  textOf,
} from './entry.js'
import type { LedgerDraft } from './ledger-draft.js'
import { parseLocalTime } from './local-time.js'
import { findAsin } from './release.js'
import { ReleaseStatus } from './release-status.js'
import type { LedgerView } from './storage.js'

/** Why several ids are taken for one book. */
export type DuplicateReason = 'infohash' | 'asin' | 'folder' | 'title'

/** One book under several ids. */
export interface DuplicateGroup {
  readonly ids: readonly string[]
  /**
   * What they have in common: the torrent; the ASIN (as id, in the entry or in a folder's name); a staging, torrent or source path; or, of an id that is a
   * path and just one that is an ASIN, title and author.
   */
  readonly reasons: readonly DuplicateReason[]
  /** The id to keep: that of the ASIN, else the first. */
  readonly keep: string
}

/** Books that are in the ledger under several ids, such as an ASIN and a path. */
export function findDuplicateGroups(view: LedgerView): DuplicateGroup[] {
  const groups = new Groups()
  for (const [id, entry] of view.entries('processed')) {
    const { asin, infohash, stagingDir, torrentPath } = describeProcessed(id, entry)
    groups.link(id, 'infohash', infohash?.toLowerCase())
    groups.link(id, 'asin', asin ?? findAsin(id))
    groups.link(id, 'folder', stagingDir)
    groups.link(id, 'folder', torrentPath)
    groups.link(id, 'asin', asinItself(id))
  }
  for (const [id, entry] of view.entries('failed')) {
    const { asin, sourceDir } = describeFailed(id, entry)
    groups.link(id, 'asin', asin ?? findAsin(id))
    groups.link(id, 'asin', asinItself(id))
    groups.link(id, 'folder', sourceDir)
    // The folder is the id of the same release without an ASIN.
    if (sourceDir !== undefined && view.get('processed', sourceDir) !== undefined)
      groups.link(sourceDir, 'folder', sourceDir)
  }
  linkTitles(view, groups)
  return groups.result()
}

/** Editions of a book have the same title under different ASINs, so titles only tell to which ASIN a path belongs. */
function linkTitles(view: LedgerView, groups: Groups): void {
  const paths: { id: string; book: string }[] = []
  const asins = new Map<string, Set<string>>()
  for (const map of ['processed', 'failed'] as const) {
    for (const [id, entry] of view.entries(map)) {
      const [title, author] = [textOf(entry, 'title'), textOf(entry, 'author')]
      if (title === undefined || author === undefined) continue
      const book = JSON.stringify([title.toLowerCase(), author.toLowerCase()])
      if (asinItself(id) === undefined) paths.push({ id, book })
      else asins.set(book, (asins.get(book) ?? new Set()).add(id))
    }
  }
  for (const { id, book } of paths) {
    const [asin, ...more] = asins.get(book) ?? []
    if (asin === undefined || more.length > 0) continue
    groups.link(asin, 'title', book)
    groups.link(id, 'title', book)
  }
}

/** Makes one release of several: what `into` lacks is taken from the others, which go. Ids that are nowhere are ignored. */
export function mergeReleases(draft: LedgerDraft, ids: readonly string[], into: string): string[] {
  const others = ids.filter(
    (id) => id !== into && (draft.get('processed', id) !== undefined || draft.get('failed', id) !== undefined),
  )
  if (others.length === 0) return []
  const all = [into, ...others]
  const processed = all.map((id) => draft.get('processed', id)).filter((entry) => entry !== undefined)
  const failed = all.map((id) => draft.get('failed', id)).filter((entry) => entry !== undefined)
  const asin = asinItself(into)
  if (processed.length > 0) draft.set('processed', into, { ...mergeProcessed(processed), ...(asin ? { asin } : {}) })
  if (failed.length > 0) draft.set('failed', into, { ...mergeFailed(failed), ...(asin ? { asin } : {}) })
  for (const id of others) {
    draft.delete('processed', id)
    draft.delete('failed', id)
  }
  return others
}

function mergeProcessed(entries: readonly RawEntry[]): JsonObject {
  // The one that got furthest is the truth about status and files; the others fill in what it lacks.
  const byProgress = entries.toSorted((a, b) => progressOf(b) - progressOf(a))
  const merged = fillIn(byProgress)
  const checkpoints: JsonObject = {}
  for (const entry of byProgress.toReversed()) {
    for (const [key, value] of Object.entries(checkpointsOf(entry)))
      if (value !== null || !(key in checkpoints)) checkpoints[key] = value
  }
  return { ...merged, checkpoints }
}

function mergeFailed(entries: readonly RawEntry[]): JsonObject {
  const newestFirst = entries.toSorted((a, b) => timeOf(b, 'failed_at') - timeOf(a, 'failed_at'))
  const firsts = entries.flatMap((entry) => textOf(entry, 'first_failed_at') ?? textOf(entry, 'failed_at') ?? [])
  const [first] = firsts.toSorted((a, b) => (parseLocalTime(a) ?? 0) - (parseLocalTime(b) ?? 0))
  return {
    ...fillIn(newestFirst),
    first_failed_at: first ?? null,
    retry_count: entries.reduce((sum, entry) => sum + retryCountOf(entry), 0),
  }
}

/** Fields of the first; of the others where it has none, `null` or an empty text. */
function fillIn(entries: readonly RawEntry[]): JsonObject {
  const merged: JsonObject = {}
  for (const entry of entries) {
    for (const [field, value] of Object.entries(entry)) {
      const there = Object.hasOwn(merged, field) ? merged[field] : null
      if (there === null || there === '') merged[field] = value
    }
  }
  return merged
}

function progressOf(entry: RawEntry): number {
  const status = statusOf(entry)
  return status === undefined || status === 'FAILED' ? -1 : Object.keys(ReleaseStatus).indexOf(status)
}

function timeOf(entry: RawEntry, field: string): number {
  return parseLocalTime(fieldOf(entry, field)) ?? 0
}

function asinItself(id: string): string | undefined {
  return /^(?:B[0-9A-Z]{9}|\d{10})$/.test(id) ? id : undefined
}

/** Ids that share a mark belong together, also over several marks. */
class Groups {
  readonly #parents: Map<string, string> = new Map()
  readonly #firstWith: Map<string, string> = new Map()
  readonly #reasons: Map<string, Set<DuplicateReason>> = new Map()

  link(id: string, reason: DuplicateReason, mark: string | undefined): void {
    if (mark === undefined) return
    const key = `${reason}:${mark}`
    const other = this.#firstWith.get(key)
    if (other === undefined) {
      this.#firstWith.set(key, id)
      return
    }
    if (other === id) return
    const [a, b] = [this.#root(other), this.#root(id)]
    this.#reasons.set(a, new Set([...(this.#reasons.get(a) ?? []), ...(this.#reasons.get(b) ?? []), reason]))
    if (a !== b) this.#parents.set(b, a)
  }

  result(): DuplicateGroup[] {
    const members = Map.groupBy(new Set([...this.#parents.keys(), ...this.#parents.values()]), (id) => this.#root(id))
    return [...members]
      .filter(([, ids]) => ids.length > 1)
      .map(([root, unsorted]) => {
        const ids = unsorted.toSorted(compareCodePoints)
        const keep = ids.find((id) => asinItself(id) !== undefined) ?? ids[0] ?? root
        return { ids, reasons: [...(this.#reasons.get(root) ?? [])].sort(), keep }
      })
      .sort((a, b) => compareCodePoints(a.keep, b.keep))
  }

  #root(id: string): string {
    let root = id
    for (let parent: string | undefined = id; parent !== undefined; parent = this.#parents.get(parent)) root = parent
    return root
  }
}
