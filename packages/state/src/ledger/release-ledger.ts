import { processWarnings, type StateLogger } from '../logger.js'
import {
  type ClearOptions,
  type ClearResult,
  clearIn,
  type RetryOptions,
  type RetryResult,
  retryIn,
} from './clear-releases.js'
import { mergeReleases } from './duplicates.js'
import { describeFailed, describeProcessed, type FailedRelease, type ProcessedRelease } from './entry.js'
import { afterCheckpoint, afterFailure, afterProcessed } from './entry-changes.js'
import { describeError } from './error-text.js'
import { LedgerDraft } from './ledger-draft.js'
import type {
  CheckpointOptions,
  LedgerDeps,
  LedgerOptions,
  MarkFailedOptions,
  MarkProcessedOptions,
} from './ledger-options.js'
import { LedgerReader } from './ledger-reader.js'
import { formatLocalTime } from './local-time.js'
import { findStorageKind, openLedgerStorage } from './open-ledger-storage.js'
import { findPrunable, type PruneOptions, type PruneResult, pruneIn } from './prune.js'
import { identifierOf, known, type Release } from './release.js'
import { isReleaseStage, type ReleaseStage, ReleaseStatus, STATUS_OF_STAGE } from './release-status.js'
import type { LedgerStorage } from './storage.js'
import { WriteQueue } from './write-queue.js'

/**
 * What was done with each release: the file processed.json, or an SQLite database. What a call has acknowledged is durable. Several processes may use it at
 * once, the Python original included (with the JSON file); changes that wait together are committed together.
 *
 * @example
 * await using ledger = await ReleaseLedger.open('processed.json')
 * if (!(await ledger.shouldSkipStage(release, 'staged'))) {
 *   const stagingDir = await stage(release)
 *   await ledger.checkpointStage({ ...release, stagingDir }, 'staged')
 * }
 */
export class ReleaseLedger extends LedgerReader implements AsyncDisposable {
  readonly #queue: WriteQueue
  readonly #logger: StateLogger
  readonly #readOnly: boolean
  #closing: Promise<void> | undefined

  private constructor(storage: LedgerStorage, options: LedgerOptions, deps: LedgerDeps) {
    super(storage, deps)
    const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS, signal, readOnly = false, logger = processWarnings } = options
    this.#queue = new WriteQueue(storage, { lockTimeoutMs, signal })
    this.#logger = logger
    this.#readOnly = readOnly
  }

  /**
   * Opens the ledger and reads it once; nothing is made before the first change. A damaged JSON file is replaced by its newest good backup and kept as
   * `<path>.corrupt-<time>` (not with `readOnly`, which only reads the backup), and the logger is told.
   *
   * @throws StateCorruptionError when it is damaged and has no good backup, with the ways out in `hint`. LedgerVersionError when a newer program wrote it.
   *   StateReadError when the system refuses.
   */
  static async open(path: string, options: LedgerOptions = {}, deps: LedgerDeps = {}): Promise<ReleaseLedger> {
    const {
      lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS,
      readOnly = false,
      maxBackups = 5,
      label,
      logger = processWarnings,
    } = options
    if (path === '') throw new TypeError('The path of a ledger must not be empty')
    const { storage: wanted = await findStorageKind(path) } = options
    const storage =
      typeof wanted === 'string'
        ? await openLedgerStorage(path, wanted, { readOnly, maxBackups, label, lockTimeoutMs, logger }, deps)
        : wanted
    try {
      await storage.read(() => undefined)
    } catch (error) {
      await storage.close()
      throw error
    }
    return new ReleaseLedger(storage, options, deps)
  }

  /**
   * Notes that a release is done, and drops it from the failed. Stage times and the infohash that were noted on the way stay. Durable on return.
   *
   * @returns the entry; `undefined` for a release without an id, about which the logger is told.
   * @throws InvalidStatusTransitionError when it is noted already and cannot go to that status; StateLockError, StateWriteError
   */
  async markProcessed(release: Release, options: MarkProcessedOptions = {}): Promise<ProcessedRelease | undefined> {
    const id = this.#identify(release, 'markProcessed')
    if (id === undefined) return undefined
    const { status = ReleaseStatus.COMPLETE, skipMetadata = false, infohash } = options
    return this.#write('markProcessed', (draft) => {
      const change = { id, status, skipMetadata, infohash: known(infohash), time: this.#time() }
      const entry = afterProcessed(draft.get('processed', id), release, change)
      draft.set('processed', id, entry)
      draft.delete('failed', id)
      return describeProcessed(id, entry)
    })
  }

  /**
   * Notes that a release failed: counts it, keeps when it failed first, and keeps its checkpoints, so that it can go on from there. Durable on return.
   *
   * @param error an error, whose class is noted, or a text
   */
  async markFailed(
    release: Release,
    error: unknown,
    options: MarkFailedOptions = {},
  ): Promise<FailedRelease | undefined> {
    const id = this.#identify(release, 'markFailed')
    if (id === undefined) return undefined
    const { message, type } = describeError(error)
    const time = this.#time()
    return this.#write('markFailed', (draft) => {
      const change = { error: message, errorType: known(options.errorType) ?? type, time }
      const entry = afterFailure(draft.get('failed', id), release, change)
      draft.set('failed', id, entry)
      return describeFailed(id, entry)
    })
  }

  /**
   * Notes that a stage of a release is done, with its status and the paths and infohash that are known by now. Durable on return.
   *
   * @throws InvalidStatusTransitionError as `markProcessed`; RangeError for a stage that there is not
   */
  async checkpointStage(
    release: Release,
    stage: ReleaseStage,
    options: CheckpointOptions = {},
  ): Promise<ProcessedRelease | undefined> {
    assertStage(stage)
    const id = this.#identify(release, 'checkpointStage')
    if (id === undefined) return undefined
    const { infohash, redo = false, skipMetadata = false } = options
    const status = options.status ?? release.status ?? STATUS_OF_STAGE[stage]
    return this.#write(`checkpoint ${stage}`, (draft) => {
      const change = { id, stage, status, redo, skipMetadata, infohash: known(infohash), time: this.#time() }
      const entry = afterCheckpoint(draft.get('processed', id), release, change)
      draft.set('processed', id, entry)
      return describeProcessed(id, entry)
    })
  }

  /**
   * Makes one release of several ids of the same book: `into` keeps what it has and takes what it lacks; the entry that got furthest wins; failures are
   * added up. Resolves to the ids that went. Durable on return.
   */
  async merge(
    ids: readonly string[],
    into: string,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Promise<string[]> {
    return this.#writeUnless(dryRun, 'merge', (draft) => mergeReleases(draft, ids, into))
  }

  /**
   * Removes what is stale, or failed long ago. Looks again under the lock, so that what has come back meanwhile stays. Durable on return.
   *
   * @throws MissingRootError when a folder is gone as a whole (not in a dry run): nothing is removed then, unless it is forced.
   */
  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    const { dryRun = false, failedOlderThanMs } = options
    if (failedOlderThanMs !== undefined && !(failedOlderThanMs >= 0)) {
      throw new RangeError(`failedOlderThanMs must be 0 or more, not ${failedOlderThanMs}`)
    }
    if (dryRun) return this.storage.read((view) => findPrunable(view, options, this.#now(), this.deps))
    return this.#write('prune', (draft) => pruneIn(draft, options, this.#now(), this.deps))
  }

  /**
   * Drops failures, and with them their counts, so that the releases are taken again; each goes on from its checkpoints, or with `fresh` from the start.
   * Ids that did not fail are reported and no error. Durable on return.
   */
  async retry(ids: string | readonly string[], options: RetryOptions = {}): Promise<RetryResult> {
    return this.#writeUnless(options.dryRun, 'retry', (draft) => retryIn(draft, asList(ids), options))
  }

  /**
   * Drops releases from `processed`, checkpoints included, so that they are done again from the start; with `stage`, only that stage of them. Unknown ids are
   * reported and no error. Durable on return.
   *
   * @throws RangeError for a stage that there is not
   */
  async clear(ids: string | readonly string[], options: ClearOptions = {}): Promise<ClearResult> {
    if (options.stage !== undefined) assertStage(options.stage)
    return this.#writeUnless(options.dryRun, 'clear', (draft) => clearIn(draft, asList(ids), options))
  }

  /** Waits for the changes under way. Calling it again does nothing more; any other call is an error then. */
  close(): Promise<void> {
    this.#closing ??= this.#queue.idle().then(() => this.storage.close())
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #identify(release: Release, call: string): string | undefined {
    const id = identifierOf(release)
    if (id === undefined)
      this.#logger.warn(`${call}: the release has neither an ASIN nor a source folder, so it is not noted`)
    return id
  }

  #writeUnless<R>(dryRun: boolean | undefined, operation: string, work: (draft: LedgerDraft) => R): Promise<R> {
    return dryRun === true ? this.storage.read((view) => work(new LedgerDraft(view))) : this.#write(operation, work)
  }

  async #write<R>(operation: string, work: (draft: LedgerDraft) => R): Promise<R> {
    if (this.#closing !== undefined) throw new Error(`The ledger '${this.path}' is closed`)
    if (this.#readOnly) throw new Error(`Cannot ${operation}: the ledger '${this.path}' was opened read-only`)
    return this.#queue.run(operation, work)
  }

  #now(): number {
    return (this.deps.now ?? Date.now)()
  }

  #time(): string {
    return formatLocalTime(this.#now())
  }
}

const DEFAULT_LOCK_TIMEOUT_MS = 10_000

function asList(ids: string | readonly string[]): readonly string[] {
  return typeof ids === 'string' ? [ids] : [...new Set(ids)]
}

function assertStage(stage: unknown): void {
  if (!isReleaseStage(stage))
    throw new RangeError(`There is no stage ${JSON.stringify(stage)}; there are staged, metadata, torrent and uploaded`)
}
