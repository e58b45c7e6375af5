import { dirname } from 'node:path'
import { errorCode, sweepLeftovers } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { BackupReader } from '../backup-reader.js'
import { StateReadError } from '../errors.js'
import { stateCommand } from '../shell-command.js'
import type { AcquireOptions, DocumentStorage, StoredDocument, TransactionRecord } from '../storage.js'
import { AuditLog, type LogTail } from './audit-log.js'
import { Backups, type RetentionOptions } from './backups.js'
import type { DocumentCodec } from './codec.js'
import { type ResolvedDeps, resolveDeps, type StoreDeps } from './deps.js'
import { readWhole } from './document-image.js'
import { FileSession, type SessionHooks } from './file-session.js'
import { readHistory } from './history.js'
import { Journal } from './journal.js'
import { findLayout, type Layout, type LayoutOptions } from './layout.js'
import { type DocumentSource, type LoadedDocument, loadDocument } from './load-document.js'
import type { RotationOptions } from './log-rotation.js'
import { asStateError, type Base, type TurnContext } from './turn.js'

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
    const journal = new Journal(layout, codec, resolved)
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
      throw error === signal?.reason ? error : asStateError(document, error)
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

  /** The history of this state, newest first; of a damaged document without a state. */
  async *records(loaded: LoadedDocument | undefined): AsyncGenerator<TransactionRecord, void, void> {
    const sha256 = loaded === undefined ? await this.#hashOfDamaged() : loaded.image.sha256
    const journal = loaded === undefined ? await this.#context.journal.tryRead() : loaded.journal
    yield* readHistory(this.layout.log, sha256, journal, this.codec)
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

  /** Damaged is not absent: only what was never there makes the first commit one that did not happen. */
  async #hashOfDamaged(): Promise<string | null> {
    try {
      return (await readWhole(this.layout.document)).sha256
    } catch (error) {
      if (errorCode(error) === undefined) throw error
      return UNREADABLE
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
    const document = this.layout.document
    const backups = new BackupReader(this)
    for (const path of await this.backups.list()) {
      if (await backups.isGood(path))
        return `Restore the newest good backup: ${stateCommand(this.layout, 'restore', path)}`
    }
    return `There is no good backup; put a good copy of '${document}' in its place`
  }
}

const MAX_ATTEMPTS = 5
/** Equal to no hash. */
const UNREADABLE = ''
