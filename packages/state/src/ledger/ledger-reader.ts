import { LedgerExistsError, StateWriteError } from '../errors.js'
import { checkView, type LedgerCheck } from './check-ledger.js'
import { findIdsByInfohash } from './clear-releases.js'
import { type DuplicateGroup, findDuplicateGroups } from './duplicates.js'
import {
  describeFailed,
  describeProcessed,
  type FailedRelease,
  type ProcessedRelease,
  stampOf,
  statusOf,
  textOf,
} from './entry.js'
import type { ExportOptions, LedgerDeps, ReleaseRef } from './ledger-options.js'
import { type LedgerEntryList, type LedgerList, type ListOptions, listEntries, listReleases } from './list-releases.js'
import { identifierOf, known, type Release } from './release.js'
import type { ReleaseStage } from './release-status.js'
import { type ResumePoint, resumePointOf } from './resume.js'
import { toCsvText, toJsonText } from './serialize.js'
import { findStale, pathExists, type StaleEntry } from './staleness.js'
import type { LedgerStorage, LedgerView } from './storage.js'

/** What can be asked of a ledger. Every answer is of one committed state, and waits for nobody. */
export abstract class LedgerReader {
  protected readonly storage: LedgerStorage
  protected readonly deps: LedgerDeps

  protected constructor(storage: LedgerStorage, deps: LedgerDeps) {
    this.storage = storage
    this.deps = deps
  }

  get path(): string {
    return this.storage.path
  }

  /** `json`, `journal`, `sqlite`, or what a storage of another package calls itself. */
  get storageKind(): string {
    return this.storage.kind
  }

  /** When a stage of a release was done; `undefined` when it was not. */
  async getCheckpoint(release: ReleaseRef, stage: ReleaseStage): Promise<Date | undefined> {
    const at = await this.#ofEntry(release, (id, view) => stampOf(view.get('processed', id) ?? {}, stage))
    return at === undefined ? undefined : new Date(at)
  }

  async getInfohash(release: ReleaseRef): Promise<string | undefined> {
    return this.#ofEntry(release, (id, view) => textOf(view.get('processed', id) ?? {}, 'infohash'))
  }

  /**
   * Whether a stage need not be done again: it was done, and what it made is where the ledger (and the release, if it says so) has it. What is not known to
   * be missing counts as there.
   */
  async shouldSkipStage(release: Release, stage: ReleaseStage): Promise<boolean> {
    const { exists = pathExists } = this.deps
    const paths = await this.#ofEntry(release, (id, view) => {
      const entry = view.get('processed', id)
      if (entry === undefined || stampOf(entry, stage) === undefined) return undefined
      if (stage === 'staged') return [textOf(entry, 'staging_dir'), known(release.stagingDir)]
      return stage === 'torrent' ? [textOf(entry, 'torrent_path'), known(release.torrentPath)] : []
    })
    return paths?.every((path) => path === undefined || exists(path)) ?? false
  }

  /** Whether a release is done. One that is only on its way is in the ledger, too, and is not. */
  async isComplete(release: ReleaseRef): Promise<boolean> {
    const status = await this.#ofEntry(release, (id, view) => {
      const entry = view.get('processed', id)
      return entry === undefined ? undefined : statusOf(entry)
    })
    return status === 'COMPLETE'
  }

  /** Where to go on with a release: the stages that need not be done again, and what they made. */
  async getResumePoint(release: ReleaseRef): Promise<ResumePoint | undefined> {
    const { exists = pathExists } = this.deps
    return this.#ofEntry(release, (id, view) => {
      const entry = view.get('processed', id)
      return entry === undefined ? undefined : resumePointOf(describeProcessed(id, entry), exists)
    })
  }

  /** Both entries of an id, `undefined` when it is nowhere. */
  async get(release: ReleaseRef): Promise<{ processed?: ProcessedRelease; failed?: FailedRelease } | undefined> {
    return this.#ofEntry(release, (id, view) => {
      const processed = view.get('processed', id)
      const failed = view.get('failed', id)
      if (processed === undefined && failed === undefined) return undefined
      return {
        ...(processed === undefined ? {} : { processed: describeProcessed(id, processed) }),
        ...(failed === undefined ? {} : { failed: describeFailed(id, failed) }),
      }
    })
  }

  /** The releases with this torrent, by id. Hexadecimal digits in lower or upper case. */
  async findByInfohash(infohash: string): Promise<ProcessedRelease[]> {
    return this.storage.read((view) =>
      findIdsByInfohash(view, infohash).map((id) => describeProcessed(id, view.get('processed', id) ?? {})),
    )
  }

  /** Releases that cannot go on, because files are missing that their status needs. Those that are complete need none. */
  async findStaleEntries(): Promise<StaleEntry[]> {
    return this.storage.read((view) => findStale(view, this.deps))
  }

  /** Books that are in the ledger under several ids, such as the ASIN and the folder. */
  async findDuplicates(): Promise<DuplicateGroup[]> {
    return this.storage.read(findDuplicateGroups)
  }

  /** Counts and entries, newest first. @throws RangeError for a negative limit */
  async list(options: ListOptions = {}): Promise<LedgerList> {
    return this.storage.read((view) => listReleases(view, options))
  }

  /** The same entries as they are in the document, for those who need no more: the fields are not looked into. @throws RangeError for a negative limit */
  async listEntries(options: ListOptions = {}): Promise<LedgerEntryList> {
    return this.storage.read((view) => listEntries(view, options))
  }

  /** The whole ledger as text: `json` is exactly what processed.json holds. */
  async export({ format = 'json' }: ExportOptions = {}): Promise<string> {
    return this.storage.read((view) => (format === 'csv' ? toCsvText(view) : toJsonText(view)))
  }

  /** Writes the export to a file, all at once and durably. @throws LedgerExistsError when it is there and is not to be replaced; StateWriteError */
  async exportTo(
    path: string,
    { overwrite = true, ...options }: ExportOptions & { readonly overwrite?: boolean } = {},
  ): Promise<void> {
    // Most who read write no file, and load no writer.
    const { errorCode, writeFileAtomic } = await import('@holdfast/atomic-file')
    try {
      await writeFileAtomic(path, await this.export(options), { overwrite }, this.deps)
    } catch (error) {
      if (!overwrite && errorCode(error) === 'EEXIST') throw new LedgerExistsError(path)
      throw new StateWriteError(path, error)
    }
  }

  /** Looks for what is wrong in the ledger, and changes nothing. */
  async check(): Promise<LedgerCheck> {
    return this.storage.read((view) => checkView(view, this.deps))
  }

  /** By the release's id; when nothing is under that, by its folder, under which it may have been noted before its ASIN was known. */
  async #ofEntry<R>(release: ReleaseRef, work: (id: string, view: LedgerView) => R): Promise<R | undefined> {
    const id = typeof release === 'string' ? known(release) : identifierOf(release)
    if (id === undefined) return undefined
    const folder = typeof release === 'string' ? undefined : identifierOf({ sourceDir: release.sourceDir })
    return this.storage.read((view) => {
      const isThere = view.get('processed', id) !== undefined || view.get('failed', id) !== undefined
      return work(isThere || folder === undefined ? id : folder, view)
    })
  }
}
