import { realpath } from 'node:fs/promises'
import { errorCode } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { checkDatabase } from './check.js'
import { DatabaseFiles, fileSignature } from './database-files.js'
import { DatabaseState } from './database-state.js'
import type { DatabaseAddress } from './database-uri.js'
import { DatabaseWriter } from './database-writer.js'
import type { ResolvedDeps } from './deps.js'
import { DatabaseClosedError, DatabaseDamagedError, RunNotFoundError } from './errors.js'
import { explained } from './explained.js'
import { exportConfiguration } from './export-run.js'
import { makeOid } from './oid.js'
import { prepareRun } from './prepared-run.js'
import { RunCatalog } from './run-catalog.js'
import type {
  CheckReport,
  DatabaseLogger,
  ExportedFile,
  RebuildReport,
  RunDatabase,
  RunToStore,
  StoredRun,
  StoreOptions,
  StoreResult,
} from './run-database.js'
import { StoreQueue } from './store-queue.js'
import { formatTimestamp } from './timestamps.js'

export interface FilesystemDatabaseOptions {
  readonly create: boolean
  readonly readOnly: boolean
  readonly lockTimeoutMs: number
}

/** The `filesystemdb://` provider. */
export class FilesystemDatabase implements RunDatabase {
  readonly uri: string
  readonly #files: DatabaseFiles
  readonly #options: FilesystemDatabaseOptions
  readonly #state: DatabaseState
  readonly #writer: DatabaseWriter
  readonly #queue: StoreQueue
  readonly #catalog: RunCatalog
  readonly #underWay = new Set<Promise<unknown>>()
  #closing: Promise<void> | undefined

  private constructor(
    address: DatabaseAddress,
    root: RootFolder,
    options: FilesystemDatabaseOptions,
    deps: ResolvedDeps,
  ) {
    this.uri = address.uri
    this.#options = options
    this.#files = new DatabaseFiles(root.path)
    this.#state = new DatabaseState(this.#files, deps.logger)
    this.#writer = new DatabaseWriter(
      this.#files,
      this.#state,
      { uri: address.uri, lockTimeoutMs: options.lockTimeoutMs, createRoot: !root.exists },
      deps,
    )
    this.#catalog = new RunCatalog(this.#state)
    this.#queue = new StoreQueue(this.#writer, {
      state: this.#state,
      files: this.#files,
      makeOid: () => makeOid(deps.uuid),
      timestamp: () => formatTimestamp(deps.now()),
    })
  }

  static async open(
    address: DatabaseAddress,
    options: FilesystemDatabaseOptions,
    deps: ResolvedDeps,
  ): Promise<FilesystemDatabase> {
    return explained(address.path, async () => {
      const root = await realFolder(address.path, options.create)
      const database = new FilesystemDatabase(address, root, options, deps)
      if (!options.readOnly) await database.#recover(deps.logger)
      return database
    })
  }

  listRuns(): Promise<ReadonlyMap<number, StoredRun>> {
    return this.#running('list the runs of', async () => {
      await this.#state.refresh()
      return this.#catalog.listRuns()
    })
  }

  exportRun(run: number): Promise<readonly ExportedFile[]> {
    return this.#running('export from', async () => {
      await this.#state.refresh()
      const configuration = this.#catalog.newest(run)
      if (configuration === undefined) throw new RunNotFoundError(run, this.uri)
      return exportConfiguration(this.#state, this.#files, configuration)
    })
  }

  storeRun(run: RunToStore, options: StoreOptions = {}): Promise<StoreResult> {
    return this.#writing('store in', async () => {
      options.signal?.throwIfAborted()
      const prepared = await prepareRun(run)
      return this.#queue.store(prepared, options)
    })
  }

  fold(): Promise<void> {
    return this.#writing('fold the journal of', () => this.#writer.fold())
  }

  rebuildIndex(): Promise<RebuildReport> {
    return this.#writing('rebuild the indexes of', () => this.#writer.rebuild())
  }

  check(): Promise<CheckReport> {
    return this.#running('check', () => checkDatabase(this.#state, this.#files))
  }

  close(): Promise<void> {
    this.#closing ??= explained(this.#files.root, async () => {
      await Promise.allSettled(this.#underWay)
      try {
        if (this.#state.journal.size > 0 && !this.#options.readOnly) await this.#writer.fold()
      } finally {
        await this.#writer.close()
      }
    })
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Takes over what a killed process left, unless another one is at work and will do so itself. */
  async #recover(logger: DatabaseLogger): Promise<void> {
    if ((await fileSignature(this.#files.journal)) === undefined) return
    await fileSignature(this.#files.lock)
    const lock = await FileLock.tryAcquire(this.#files.lock)
    if (lock === undefined) return
    await lock.release()
    try {
      await this.#writer.fold()
    } catch (error) {
      // It has to be open for rebuildIndex(); everything else will meet the same error.
      if (!(error instanceof DatabaseDamagedError)) throw error
      logger.warn(error.message, { path: error.path, hint: error.hint })
    }
  }

  #running<T>(action: string, work: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(new DatabaseClosedError(action, this.uri, 'closed'))
    const result = explained(this.#files.root, work)
    this.#underWay.add(result)
    const forget = (): boolean => this.#underWay.delete(result)
    result.then(forget, forget)
    return result
  }

  #writing<T>(action: string, work: () => Promise<T>): Promise<T> {
    if (this.#options.readOnly) {
      return Promise.reject(new DatabaseClosedError(action, this.uri, 'open for reading only'))
    }
    return this.#running(action, work)
  }
}

interface RootFolder {
  readonly path: string
  readonly exists: boolean
}

/** The database may lie behind a link; what is in it may not. */
async function realFolder(path: string, create: boolean): Promise<RootFolder> {
  try {
    return { path: await realpath(path), exists: true }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || !create) throw error
    return { path, exists: false }
  }
}
