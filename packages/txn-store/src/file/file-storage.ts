import { dirname } from 'node:path'
import { errorCode, sweepLeftovers } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { StateLockError, StateReadError } from '../errors.js'
import type { AcquireOptions, DocumentStorage, StoredDocument, TransactionRecord } from '../storage.js'
import { AuditLog, type LogTail } from './audit-log.js'
import { Backups, type RetentionOptions } from './backups.js'
import type { DocumentCodec } from './codec.js'
import { type ResolvedDeps, resolveDeps, type StoreDeps } from './deps.js'
import { FileSession, type SessionHooks } from './file-session.js'
import { readHistory } from './history.js'
import { Journal } from './journal.js'
import { findLayout, type Layout, type LayoutOptions } from './layout.js'
import { type DocumentSource, type LoadedDocument, loadDocument } from './load-document.js'
import type { RotationOptions } from './log-rotation.js'
import type { Base, TurnContext } from './turn.js'

export interface FileStorageOptions extends LayoutOptions {
  readonly codec: DocumentCodec
  readonly retention: RetentionOptions
  readonly rotation: RotationOptions
  readonly backupBeforeWrite: boolean
  readonly journalMode: boolean
  readonly label: string | undefined
  readonly maxPatchBytes: number
  readonly lockTimeoutMs: number
}

export interface StorageEvents {
  readonly onRecovered: (what: string) => void
  readonly onWarning: (error: unknown) => void
}

/** The document as a file, with its lock, backups, history and journal beside it. */
export class FileStorage implements DocumentStorage {
  readonly layout: Layout
  readonly backups: Backups
  readonly codec: DocumentCodec
  readonly #context: TurnContext
  readonly #options: FileStorageOptions
  readonly #hooks: SessionHooks
  readonly #deps: ResolvedDeps
  readonly #source: DocumentSource
  #known: LoadedDocument | undefined
  #newest: Base | undefined
  #hasSwept = false

  constructor(path: string, options: FileStorageOptions, events: StorageEvents, deps: StoreDeps = {}) {
    const resolved = resolveDeps(deps)
    const layout = findLayout(path, options)
    const { codec, backupBeforeWrite, journalMode, lockTimeoutMs } = options
    this.layout = layout
    this.codec = codec
    this.backups = new Backups(layout, options.retention, resolved, events.onWarning)
    this.#options = options
    this.#deps = resolved
    const journal = new Journal(layout.journal, codec, resolved)
    const hint = (): Promise<string> => this.#restoreHint()
    this.#source = { path: layout.document, codec, journal, hint }
    this.#context = {
      layout,
      log: new AuditLog(layout, options.rotation, resolved),
      journal,
      backups: this.backups,
      codec,
      deps: resolved,
      journalMode,
      backupBeforeWrite,
      mayKeepBackups: options.retention.maxBackups > 0,
      lockTimeoutMs,
      hint,
    }
    this.#hooks = {
      known: () => this.#known,
      remember: (base) => this.#remember(base),
      found: (tail) => this.#compareTail(tail),
      onRecovered: events.onRecovered,
      onWarning: events.onWarning,
    }
  }

  get path(): string {
    return this.layout.document
  }

  async read(): Promise<StoredDocument> {
    const { data, image, journal } = await this.load()
    return { data, exists: image.sha256 !== null || journal !== undefined }
  }

  /** The newest committed state and where it comes from. @throws StateReadError */
  async load(): Promise<LoadedDocument> {
    this.#known = await loadDocument(this.#source, this.#known)
    return this.#known
  }

  async acquire({ timeoutMs, signal }: AcquireOptions): Promise<FileSession> {
    const { lock: path, document } = this.layout
    const { label, maxPatchBytes } = this.#options
    let lock: FileLock
    try {
      lock = await FileLock.acquire(path, signal === undefined ? { timeoutMs } : { timeoutMs, signal })
    } catch (error) {
      if (!errorCode(error)?.startsWith('ERR_LOCK')) throw error
      const reason = error instanceof Error ? error.message : String(error)
      throw new StateLockError(`Cannot change '${document}': ${reason}`, { path: document, cause: error })
    }
    try {
      if (!this.#hasSwept || lock.previous !== undefined) await this.#sweep()
      const record = { deps: this.#deps, codec: this.codec, label, maxPatchBytes }
      return new FileSession(lock, this.#context, record, this.#hooks)
    } catch (error) {
      await lock.release()
      throw error
    }
  }

  async history(limit: number): Promise<TransactionRecord[]> {
    for (let attempt = 1; ; attempt += 1) {
      const loaded = await this.#tryLoad()
      const records: TransactionRecord[] = []
      if (limit > 0) {
        for await (const record of this.records(loaded)) if (records.push(record) >= limit) break
      }
      // A commit that came while the log was read could have been told half.
      if (attempt === MAX_ATTEMPTS || (await this.#isUnchanged(loaded))) return records
    }
  }

  /** The history of this state, newest first. */
  records(loaded: LoadedDocument | undefined): AsyncGenerator<TransactionRecord, void, void> {
    return readHistory(this.layout.log, loaded?.image.sha256 ?? null, loaded?.journal, this.codec)
  }

  async close(): Promise<void> {
    await this.backups.close()
    await this.#context.journal.close()
    await this.#context.log.close()
  }

  /** A damaged document has a history all the same. */
  async #tryLoad(): Promise<LoadedDocument | undefined> {
    try {
      return await this.load()
    } catch (error) {
      if (error instanceof StateReadError) return undefined
      throw error
    }
  }

  async #isUnchanged(loaded: LoadedDocument | undefined): Promise<boolean> {
    if (loaded === undefined) return true
    const now = await loadDocument(this.#source, loaded)
    return now.image === loaded.image && now.journal === loaded.journal
  }

  #remember(base: Base): void {
    this.#newest = base
    this.#known = base.loaded ?? this.#known
  }

  /** What is known of the folder of backups is no longer true when another process has committed. */
  #compareTail(tail: LogTail): void {
    if (tail !== this.#newest?.tail) this.backups.forget()
  }

  /** Removes what killed writers left. Failing is harmless: the next turn of another store tries again. */
  async #sweep(): Promise<void> {
    this.#hasSwept = true
    const { document, folder, backups } = this.layout
    const swept: string[] = []
    for (const directory of [dirname(document), folder, backups]) {
      try {
        swept.push(...(await sweepLeftovers(directory, {}, this.#deps.files)))
      } catch (error) {
        this.#hooks.onWarning(error)
      }
    }
    if (swept.length > 0) this.#hooks.onRecovered(`${swept.length} temporary file(s) of dead writers were removed`)
  }

  async #restoreHint(): Promise<string> {
    const [newest] = await this.backups.list()
    const document = this.layout.document
    if (newest === undefined) return `There is no backup; put a good copy of '${document}' in its place`
    return `Restore the newest backup: holdfast-state restore '${document}' '${newest}'`
  }
}

const MAX_ATTEMPTS = 5
