import { StateError } from './errors.js'
import type { StoreEventHub } from './events.js'
import type { FileSession } from './file/file-session.js'
import { FileStorage } from './file/file-storage.js'
import type { Replica, ReplicaStatus } from './replica.js'
import { WrongKeyError } from './sealing-errors.js'
import type { DocumentStorage } from './storage.js'

export interface LazyStorageOptions {
  readonly path: string
  readonly journal: boolean
  readonly lockTimeoutMs: number
  readonly openStorage: () => Promise<DocumentStorage>
  readonly startReplica: () => Replica | undefined
  readonly events: StoreEventHub
}

/** The storage of one store, opened when it is first needed, and the replica that follows it. */
export class LazyStorage {
  readonly #options: LazyStorageOptions
  #storage: Promise<DocumentStorage> | undefined
  #replica: Replica | undefined
  #isClosed = false

  constructor(options: LazyStorageOptions) {
    this.#options = options
  }

  get replicaStatus(): ReplicaStatus | undefined {
    return this.#replica?.status
  }

  notifyReplica(): void {
    this.#replica?.notify()
  }

  async open(): Promise<DocumentStorage> {
    this.assertOpen()
    return this.openForWaiting()
  }

  /** For transactions that began to wait before the store was closed. */
  async openForWaiting(): Promise<DocumentStorage> {
    this.#storage ??= this.#options.openStorage()
    this.#replica ??= this.#options.startReplica()
    try {
      return await this.#storage
    } catch (error) {
      // What was wrong with a key file may be mended.
      this.#storage = undefined
      throw error
    }
  }

  /** For what only files have: backups, a journal, a log that can be followed. */
  async openFile(): Promise<FileStorage> {
    const storage = await this.open()
    if (storage instanceof FileStorage) return storage
    throw new TypeError(`The storage of '${this.#options.path}' has no backups, journal or log to be looked at`)
  }

  /** Does something to the files while no transaction is under way, here or elsewhere. */
  async inTurn<R>(work: (session: FileSession) => Promise<R>): Promise<R> {
    return withSession(await this.openFile(), this.#options.lockTimeoutMs, work)
  }

  assertOpen(): void {
    if (this.#isClosed) throw new Error(`The store of '${this.#options.path}' is closed`)
  }

  /** From now on nothing new begins; `finished` resolves when what is under way is over. */
  async close(finished: () => Promise<void>): Promise<void> {
    this.#isClosed = true
    await finished()
    const storage = await this.#storage
    if (storage === undefined) return
    if (this.#options.journal && storage instanceof FileStorage) await this.#checkpointIfFree(storage)
    await storage.close()
    await this.#replica?.close()
  }

  /** Whoever holds the lock, or comes next, does it otherwise: nothing is lost by leaving it. */
  async #checkpointIfFree(storage: FileStorage): Promise<void> {
    try {
      await withSession(storage, CLOSE_TIMEOUT_MS, async (session) => {
        await session.read()
        await session.checkpoint(false)
      })
    } catch (error) {
      if (!(error instanceof StateError || error instanceof WrongKeyError)) throw error
      this.#options.events.emit('warning', { error })
    }
  }
}

async function withSession<R>(
  storage: FileStorage,
  timeoutMs: number,
  work: (session: FileSession) => Promise<R>,
): Promise<R> {
  const session = await storage.acquire({ timeoutMs })
  try {
    return await work(session)
  } finally {
    await session.release()
  }
}

const CLOSE_TIMEOUT_MS = 1000
