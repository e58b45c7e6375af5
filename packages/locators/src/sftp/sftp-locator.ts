import { createHash } from 'node:crypto'
import { type DoneMark, LocatorCore } from '../core/locator-core.js'
import type { LocatorOptions } from '../core/locator-options.js'
import type { Failure, FailureOutcome, LeasedRequest, Locator, Progress, WorkRequest } from '../locator.js'
import type { SftpConnectionOptions } from './connection-options.js'
import { createSftpPool, type SftpPool } from './connection-pool.js'
import { type Downloaded, type DownloadOptions, downloadFile, type PartialFile } from './download-file.js'
import { keepLease } from './keep-lease.js'
import { type FileLister, type ListedFile, makeFileLister, type SftpSort, type SftpSource } from './list-files.js'
import { SettledFiles } from './settled-files.js'
import { SftpFileChangedError } from './sftp-errors.js'

export interface SftpLocatorOptions extends LocatorOptions {
  /** How to reach the server; the locator's own connections, which `close` ends. */
  readonly connection?: SftpConnectionOptions | undefined
  /** Instead of `connection`: connections that several locators share and somebody else closes. */
  readonly pool?: SftpPool | undefined
  readonly sources: readonly SftpSource[]
  /** The order in which files of one listing are fetched. @default by path */
  readonly sort?: SftpSort | undefined
  /** Lists again after so long, also while work is waiting. @default 60 */
  readonly listEverySeconds?: number | undefined
  /**
   * A file is fetched once two listings so far apart show the same size and time, or when it was last written more than an hour ago: somebody may still
   * be writing it. 0: at once. @default 10
   */
  readonly stableForSeconds?: number | undefined
}

/** One version of one remote file. A file whose size or time is another one is another request. */
export interface SftpRequest extends WorkRequest, ListedFile {}

export interface SftpSuccess {
  /** Of what was fetched; `Downloaded` has them. */
  readonly size: number
  readonly mtimeMs: number
  /** Kept under the done mark, such as the id of a bundle. */
  readonly result?: unknown
}

const SECOND_MS = 1000
const ADDED_AT_ONCE = 200
/** A file that changes again and again in one run is left to the next one, or told as a failure. */
const PATIENCE = 10

/**
 * Files of an SFTP server that were not fetched yet, in this version. Every instance lists before it gives out anything, so that a run sees what is there
 * now; a listing that fails is thrown by `next`. A crash at any moment costs at most that a file is fetched again.
 *
 * @example
 * await using locator = createSftpLocator({ prefix: 'us_fl_daily_provider', store, connection, sources: [{ directory: 'doc/cor', patterns: ['*c.txt'] }] })
 * for (const leased of await locator.next(2)) {
 *   const partial = await openAppendFile(join(folder, `${leased.request.id}.partial`))
 *   await locator.succeeded(leased, await locator.download(leased, partial))
 * }
 */
export class SftpLocator implements Locator<SftpRequest, SftpSuccess>, AsyncDisposable {
  readonly prefix: string
  readonly pool: SftpPool
  readonly #ownsPool: boolean
  readonly #core: LocatorCore<SftpRequest>
  readonly #lister: FileLister
  readonly #settled: SettledFiles
  readonly #listEveryMs: number
  readonly #leaseSeconds: number
  #listing: Promise<void> | undefined
  /** On the store's clock; `undefined`: not listed yet. */
  #listAgainMs: number | undefined
  /** A listing that somebody waits for: a file was changed under the reader, or is not settled. */
  #wantedAtMs: number | undefined
  /** The same, said since the listing under way began, which may not see the change. */
  #wantedMeanwhileMs: number | undefined
  readonly #changes = new Map<string, number>()

  constructor(options: SftpLocatorOptions) {
    const { connection, pool, sources, sort, listEverySeconds = 60, stableForSeconds = 10 } = options
    requireSeconds('listEverySeconds', listEverySeconds, listEverySeconds > 0)
    requireSeconds('stableForSeconds', stableForSeconds, stableForSeconds >= 0)
    this.#lister = makeFileLister(sources, sort)
    this.#core = new LocatorCore<SftpRequest>(options, 'processed_files')
    this.#settled = new SettledFiles(this.#core, stableForSeconds * SECOND_MS, PATIENCE)
    this.prefix = this.#core.prefix
    this.#listEveryMs = listEverySeconds * SECOND_MS
    this.#leaseSeconds = options.leaseSeconds ?? 300
    this.#ownsPool = pool === undefined
    this.pool = pool ?? createSftpPool(requireConnection(connection))
  }

  async next(max: number): Promise<LeasedRequest<SftpRequest>[]> {
    await this.#fill()
    return this.#core.lease(max)
  }

  /** Fetches the file of a request into `partial`, see `downloadFile`, and keeps the lease meanwhile. @throws also LeaseLostError */
  async download(
    leased: LeasedRequest<SftpRequest>,
    partial: PartialFile,
    options: DownloadOptions = {},
  ): Promise<Downloaded> {
    return keepLease(this, leased, this.#leaseSeconds, options.signal, (signal) =>
      downloadFile(this.pool, leased.request, partial, { ...options, signal }),
    )
  }

  /** @throws RangeError when what was fetched is another version; nothing is changed then */
  async succeeded(leased: LeasedRequest<SftpRequest>, { size, mtimeMs, result }: SftpSuccess): Promise<void> {
    const { request } = leased
    if (size !== request.size || mtimeMs !== request.mtimeMs) {
      throw new RangeError(`Fetched was another version of '${request.path}' than the request is for`)
    }
    await this.#core.succeeded(leased, result)
  }

  /** A file that was changed on the server is no failure: its request goes, and the next listing has the new version. */
  async failed(leased: LeasedRequest<SftpRequest>, error: unknown): Promise<FailureOutcome> {
    if (!(error instanceof SftpFileChangedError)) return this.#core.failed(leased, error)
    const { path } = leased.request
    const changes = (this.#changes.get(path) ?? 0) + 1
    if (changes > PATIENCE) return this.#core.failed(leased, error)
    this.#changes.set(path, changes)
    await this.#core.dropped(leased)
    const nextAttemptAtMs = (await this.#now()) + SECOND_MS
    this.#wantedAtMs = Math.min(this.#wantedAtMs ?? nextAttemptAtMs, nextAttemptAtMs)
    this.#wantedMeanwhileMs ??= nextAttemptAtMs
    return { failures: changes, nextAttemptAtMs, permanent: false }
  }

  extend(leased: LeasedRequest<SftpRequest>, seconds: number): Promise<LeasedRequest<SftpRequest>> {
    return this.#core.extend(leased, seconds)
  }

  giveBack(leased: LeasedRequest<SftpRequest>): Promise<void> {
    return this.#core.giveBack(leased)
  }

  endLeasesOf(isGone: (holder: string) => boolean | Promise<boolean>): Promise<number> {
    return this.#core.endLeasesOf(isGone)
  }

  progress(): Promise<Progress> {
    return this.#core.progress(this.#moreAtMs())
  }

  waitForWork({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    return this.#core.waitForWork(signal, this.#moreAtMs())
  }

  failures(): AsyncIterableIterator<Failure<SftpRequest>> {
    return this.#core.failures('Retry it: the next listing finds the file again')
  }

  async retry(idOrName?: string): Promise<number> {
    const count = await this.#core.retry(idOrName, { forgetsLost: true })
    // Files that were forgotten are found by a listing.
    if (count > 0) this.#wantedMeanwhileMs = this.#wantedAtMs = await this.#now()
    return count
  }

  /** Fetches again what was fetched: a path, in its newest version that was fetched, or an id. How many. */
  async refresh(idOrPath: string): Promise<number> {
    const store = await this.#core.store()
    let newest: DoneMark<SftpRequest> | undefined
    for (const level of [this.#core.keys.doneOf(idOrPath), this.#core.keys.doneOf()]) {
      for await (const { value } of store.scan<DoneMark<SftpRequest>>(level)) {
        const { id, path } = value.request
        if (id !== idOrPath && path !== idOrPath) continue
        if (newest === undefined || value.doneAt > newest.doneAt) newest = value
      }
      if (newest !== undefined) break
    }
    return newest === undefined ? 0 : ((await this.#core.add({ add: [{ request: newest.request }] })) ?? 0)
  }

  async reset(): Promise<void> {
    await this.#core.reset()
    this.#changes.clear()
    this.#listAgainMs = undefined
    this.#wantedAtMs = undefined
  }

  /** Ends the locator's own connections. */
  async close(): Promise<void> {
    if (this.#ownsPool) await this.pool.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #moreAtMs(): number | undefined {
    return this.#listAgainMs === undefined ? 0 : this.#wantedAtMs
  }

  async #now(): Promise<number> {
    return (await this.#core.store()).now()
  }

  /** One listing at a time; callers that come meanwhile wait for it. */
  async #fill(): Promise<void> {
    const nowMs = await this.#now()
    const dueMs = Math.min(this.#listAgainMs ?? 0, this.#wantedAtMs ?? Number.POSITIVE_INFINITY)
    if (this.#listing === undefined && nowMs < dueMs) return
    this.#listing ??= this.#list().finally(() => {
      this.#listing = undefined
    })
    await this.#listing
  }

  async #list(): Promise<void> {
    this.#wantedMeanwhileMs = undefined
    const files = await this.pool.use((connection) => this.#lister.list(connection), { repeatable: true })
    const nowMs = await this.#now()
    let waitUntilMs: number | undefined
    for (let index = 0; index < files.length; index += ADDED_AT_ONCE) {
      const requests = files.slice(index, index + ADDED_AT_ONCE).map(toRequest)
      const dueMs = await this.#addNew(requests, nowMs)
      if (dueMs !== undefined) waitUntilMs = Math.min(waitUntilMs ?? dueMs, dueMs)
    }
    const wanted = [waitUntilMs, this.#wantedMeanwhileMs].filter((ms) => ms !== undefined)
    this.#wantedAtMs = wanted.length === 0 ? undefined : Math.min(...wanted)
    this.#listAgainMs = nowMs + this.#listEveryMs
  }

  /** Puts into the queue what is neither done nor unsettled. When the first of the unsettled ones may be settled. */
  async #addNew(requests: readonly SftpRequest[], nowMs: number): Promise<number | undefined> {
    const { keys } = this.#core
    const store = await this.#core.store()
    for (;;) {
      const marks = await store.getMany(requests.map((request) => keys.done(request)))
      const open = requests.filter((_, index) => marks[index] === undefined)
      const { settled, waitUntilMs, operations } = await this.#settled.sort(open, nowMs)
      if (settled.length === 0 && operations.length === 0) return waitUntilMs
      const added = await this.#core.add({
        add: settled.map((request) => ({ request })),
        operations,
        // Another process may be done with one of them by now, which must not bring it back.
        checks: settled.map((request) => ({ key: keys.done(request), version: null })),
      })
      if (added !== undefined) return waitUntilMs
    }
  }
}

/** @throws TypeError or RangeError for options that cannot be meant */
export function createSftpLocator(options: SftpLocatorOptions): SftpLocator {
  return new SftpLocator(options)
}

function toRequest({ path, size, mtimeMs }: ListedFile): SftpRequest {
  const id = createHash('sha256')
    .update(JSON.stringify(['sftp', path, size, mtimeMs]))
    .digest('hex')
  return { id, name: path, path, size, mtimeMs }
}

function requireConnection(connection: SftpConnectionOptions | undefined): SftpConnectionOptions {
  if (connection === undefined) throw new TypeError("Give 'connection' or 'pool'")
  return connection
}

function requireSeconds(name: string, value: number, isRight: boolean): void {
  if (!isRight || !Number.isFinite(value)) throw new RangeError(`'${name}' must be a number of seconds, not ${value}`)
}
