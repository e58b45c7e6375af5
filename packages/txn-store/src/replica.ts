import { basename, isAbsolute, join, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { StoreEventHub } from './events.js'
import { findLayout } from './file/layout.js'
import type { StorageOptions } from './open-storage.js'

export interface ReplicaOptions {
  /**
   * The folder of the copy: the document has the same name there. Its own lock, history and backups are kept beside it: in the folder of the same name
   * as those of the document, or in `.pipeline` when that one is given as an absolute path.
   */
  readonly folder: string
  /** How long `close` waits for the copy to catch up, in milliseconds. @default 2000 */
  readonly closeTimeoutMs?: number
  /** Time between attempts while the copy cannot be written, in milliseconds. @default 5000 */
  readonly retryMs?: number
}

export interface ReplicaStatus {
  /** `in step`: the copy has every commit of this store. `failing`: it cannot be written at the moment, see `error`. */
  readonly state: 'in step' | 'behind' | 'failing'
  /** Commits of this store that the copy does not have yet. */
  readonly pendingCommits: number
  /** Age of the oldest of them, in milliseconds. */
  readonly lagMs: number
  /** When the copy was last found or made equal, epoch milliseconds. */
  readonly syncedAt: number | undefined
  readonly error: string | undefined
}

/** What the thread that writes the copy has to know. */
export interface ReplicaTask {
  readonly source: string
  readonly target: string
  readonly retryMs: number
  /** The same for both documents. */
  readonly files: StorageOptions
}

/** @throws RangeError when the copy would be the document itself */
export function replicaTask(
  source: string,
  { folder: copyFolder, retryMs = 5000 }: ReplicaOptions,
  { folder: itsFolder, logName, journal, sortKeys, maxBackups, encryption }: StorageOptions,
): ReplicaTask {
  const target = join(resolve(copyFolder), basename(source))
  if (target === source) throw new RangeError(`The replica must be in another folder than '${source}'`)
  const folder = itsFolder !== undefined && isAbsolute(itsFolder) ? undefined : itsFolder
  if (findLayout(target, { folder }).folder === findLayout(source, { folder: itsFolder }).folder) {
    throw new RangeError(
      `The replica '${target}' must not have its history and backups in the folder of those of '${source}'`,
    )
  }
  const files = Object.entries({ folder, logName, journal, sortKeys, maxBackups, encryption })
  return { source, target, retryMs, files: Object.fromEntries(files.filter(([, value]) => value !== undefined)) }
}

export type ReplicaReport =
  | { readonly kind: 'synced'; readonly commits: number }
  | { readonly kind: 'failed'; readonly error: string }

/**
 * Keeps a copy of a document in a second folder, in a thread of its own, so that a slow or dead disk there holds up nothing here. The thread reads the
 * document as any other process does and commits what is new to the copy, in order; commits that came meanwhile go together.
 */
export class Replica {
  readonly #options: ReplicaOptions
  readonly #events: StoreEventHub
  readonly #worker: Worker
  #commits = 0
  #synced = 0
  #syncedAt: number | undefined
  /** When the oldest commit that the copy does not have was made, or later. */
  #behindSince = 0
  #error: string | undefined
  #onIdle: () => void = () => undefined

  constructor(task: ReplicaTask, options: ReplicaOptions, events: StoreEventHub) {
    this.#options = options
    this.#events = events
    this.#worker = new Worker(new URL('./replica-thread.js', import.meta.url), { workerData: task })
    this.#worker.unref()
    this.#worker.on('message', (report: ReplicaReport) => this.#onReport(report))
    this.#worker.on('error', (error) => this.#onReport({ kind: 'failed', error: String(error) }))
  }

  get status(): ReplicaStatus {
    const pendingCommits = this.#commits - this.#synced
    const state = this.#error !== undefined ? 'failing' : pendingCommits > 0 ? 'behind' : 'in step'
    const lagMs = pendingCommits === 0 ? 0 : Math.max(0, Date.now() - this.#behindSince)
    return { state, pendingCommits, lagMs, syncedAt: this.#syncedAt, error: this.#error }
  }

  /** There is a new commit to copy. */
  notify(): void {
    if (this.#commits === this.#synced) this.#behindSince = Date.now()
    this.#commits += 1
    this.#worker.postMessage(this.#commits)
  }

  /** Gives the copy a little time to catch up; what is missing then is copied when a store is opened again. */
  async close(): Promise<void> {
    if (this.#commits > this.#synced || this.#syncedAt === undefined) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#onIdle = resolve
      const timer = setTimeout(resolve, this.#options.closeTimeoutMs ?? 2000)
      await promise
      clearTimeout(timer)
    }
    await this.#worker.terminate()
  }

  #onReport(report: ReplicaReport): void {
    if (report.kind === 'failed') {
      const isNews = this.#error !== report.error
      this.#error = report.error
      if (isNews) this.#events.emit('warning', { error: new Error(`Cannot write the replica: ${report.error}`) })
      return
    }
    this.#error = undefined
    this.#syncedAt = Date.now()
    this.#synced = report.commits
    if (this.#commits === this.#synced) this.#onIdle()
    else this.#behindSince = this.#syncedAt
  }
}
