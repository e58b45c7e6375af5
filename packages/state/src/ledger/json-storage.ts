/**
 * The ledger as one JSON file that other programs may share. Owns, beside `processed.json`: `processed.json.lock` (the lock, flock; the same one that the
 * Python original takes), `processed.json.bak` (the state before the last commit), `.ledger/` (older states, history, journal) and
 * `processed.json.corrupt-<time>` (damage that was set aside). The file, with the journal if there is one, is the truth. A crash leaves the file as it was
 * before or after a commit; `.bak` may then be one commit older. Repairs are made by whoever changes the ledger next.
 */
import { basename, dirname, extname, join } from 'node:path'
import { AtomicFileError, errorCode, keepBackup } from '@holdfast/atomic-file'
import { StateReadError as DocumentReadError, type JsonObject, openFileStorage } from '@holdfast/txn-store'
import { messageOf, StateReadError, StateWriteError } from '../errors.js'
import type { StateDeps } from '../file-io.js'
import type { StateLogger } from '../logger.js'
import { findGoodBackup, type GoodBackup, readCopy } from './json-backups.js'
import { applyChanges, patchOf, replaceAll } from './json-changes.js'
import { DocumentShapeError, emptyDocument, type LedgerDocument, migrateState } from './ledger-document.js'
import { ObjectView } from './object-view.js'
import { LEDGER_FOLDER } from './plain-file.js'
import { damageError, setAside } from './recovery.js'
import type { LedgerChange, LedgerSession, LedgerStorage, LedgerView } from './storage.js'

export interface JsonStorageOptions {
  readonly journal: boolean
  readonly readOnly: boolean
  readonly maxBackups: number
  readonly label: string | undefined
  readonly lockTimeoutMs: number
  readonly logger: StateLogger
}

type Files = Awaited<ReturnType<typeof openFileStorage>>
type FilesSession = Awaited<ReturnType<Files['acquire']>>

export class JsonStorage implements LedgerStorage {
  readonly kind: string
  readonly #files: Files
  readonly #options: JsonStorageOptions
  readonly #deps: StateDeps
  /** The newest document that was found good, by the object that the files gave. */
  #known: { readonly data: JsonObject; readonly document: LedgerDocument } | undefined

  private constructor(files: Files, options: JsonStorageOptions, deps: StateDeps) {
    this.kind = options.journal ? 'journal' : 'json'
    this.#files = files
    this.#options = options
    this.#deps = deps
  }

  static async open(path: string, options: JsonStorageOptions, deps: StateDeps): Promise<JsonStorage> {
    const { logger, journal, maxBackups, label, lockTimeoutMs } = options
    const files = await openFileStorage(
      path,
      { sortKeys: true, folder: LEDGER_FOLDER, journal, maxBackups, label, lockTimeoutMs },
      {
        onRecovered: (description) => logger.warn(`${path}: ${description}`),
        onWarning: (error) => logger.warn(`${path}: ${messageOf(error)}`),
      },
      deps,
    )
    return new JsonStorage(files, options, deps)
  }

  get path(): string {
    return this.#files.path
  }

  async read<R>(work: (view: LedgerView) => R): Promise<R> {
    return work(new ObjectView(await this.#load()))
  }

  async acquire(options: Parameters<LedgerStorage['acquire']>[0]): Promise<LedgerSession> {
    const session = await this.#files.acquire(options)
    try {
      const { data, document } = await this.#loadIn(session)
      return {
        view: new ObjectView(document),
        commit: (changes, operations) => this.#commit(session, data, document, changes, operations),
        release: () => this.#release(session),
      }
    } catch (error) {
      await this.#release(session)
      throw asTyped(this.path, error)
    }
  }

  async close(): Promise<void> {
    if (this.#options.journal && !this.#options.readOnly) await this.#checkpointIfFree()
    await this.#files.close()
  }

  async #load(): Promise<LedgerDocument> {
    let data: JsonObject | undefined
    try {
      const stored = await this.#files.read()
      data = stored.data
      if (stored.exists) return this.#check(data)
      return await this.#withoutFile()
    } catch (error) {
      const reason = await this.#damageIn(error)
      if (this.#options.readOnly) return (await this.#backupOr(reason, error)).document
    }
    const session = await this.acquire({ timeoutMs: this.#options.lockTimeoutMs })
    await session.release()
    return this.#check((await this.#files.read()).data)
  }

  async #loadIn(session: FilesSession): Promise<{ data: JsonObject | undefined; document: LedgerDocument }> {
    try {
      const { data, exists } = await session.read()
      if (exists) return { data, document: this.#check(data) }
      return { data: undefined, document: await this.#withoutFile() }
    } catch (error) {
      const document = await this.#recover(session, error)
      return { data: document, document }
    }
  }

  /** Puts the newest good backup in the place of a damaged file, whose bytes stay. The backup itself is only read. */
  async #recover(session: FilesSession, error: unknown): Promise<LedgerDocument> {
    const reason = await this.#damageIn(error)
    const { document, path } = await this.#backupOr(reason, error)
    // The files set aside what they cannot read; what only the ledger cannot use would become a backup.
    const aside = error instanceof DocumentReadError ? undefined : await setAside(this.path, this.#deps)
    await session.commit({
      data: document,
      entries: [replaceAll('recover', document, this.#options.label, this.#now())],
    })
    this.#known = { data: document, document }
    const kept = aside === undefined ? `beside it as '${this.path}.corrupt-…'` : `as '${aside}'`
    this.#options.logger.warn(`'${this.path}' was damaged (${reason}); it was restored from '${path}' and kept ${kept}`)
    return document
  }

  async #commit(
    session: FilesSession,
    data: JsonObject | undefined,
    before: LedgerDocument,
    changes: readonly LedgerChange[],
    operations: readonly string[],
  ): Promise<void> {
    // A patch that removes what is not there could not be applied again.
    const effective = changes.filter(({ map, id, entry }) => entry !== undefined || Object.hasOwn(before[map], id))
    if (effective.length === 0) return
    const document = applyChanges(before, effective)
    const entry = {
      ...replaceAll(operations.join('+'), document, this.#options.label, this.#now()),
      // What was migrated or taken from a backup is new as a whole.
      ...(data === before ? { patch: effective.map((change) => patchOf(before, change)) } : {}),
    }
    await session.commit({ data: document, entries: [entry] })
    this.#known = { data: document, document }
    if (!this.#options.journal) await this.#linkBackup()
  }

  /**
   * `.bak` for programs that look for it there. It shares its file with the newest of the folder's backups and never with the ledger itself: the
   * original writes into its `.bak` in place.
   */
  async #linkBackup(): Promise<void> {
    try {
      const [newest] = await this.#files.backups.list()
      if (newest !== undefined) await keepBackup(newest, `${this.path}.bak`, { durable: false }, this.#deps)
    } catch (error) {
      this.#options.logger.warn(`Cannot renew '${this.path}.bak': ${messageOf(error)}`)
    }
  }

  #check(data: JsonObject): LedgerDocument {
    if (this.#known?.data === data) return this.#known.document
    const document = migrateState(data, this.path)
    this.#known = { data, document }
    return document
  }

  /** What is wrong with the file's content. @throws the error itself when it is about anything else */
  async #damageIn(error: unknown): Promise<string> {
    if (error instanceof DocumentShapeError) return error.message
    if (!(error instanceof DocumentReadError)) throw asTyped(this.path, error)
    const cause = errorCode(error.cause)
    if (cause !== undefined && cause !== 'ERR_INVALID_UTF8') throw error
    // A file that can be read but not without loss (a number with too many digits) is not damaged.
    const copy = await readCopy(this.path, this.#deps)
    if (copy.kind === 'refused') throw copy.error
    if (copy.kind === 'good') throw error
    return copy.kind === 'damaged' ? copy.reason : error.message
  }

  async #backupOr(reason: string, cause: unknown): Promise<GoodBackup> {
    const backup = await findGoodBackup([...this.#plainBackups(), ...(await this.#files.backups.list())], this.#deps)
    if (backup === undefined) throw damageError(this.path, reason, cause)
    if (this.#options.readOnly) {
      this.#options.logger.warn(`'${this.path}' is damaged (${reason}); its backup '${backup.path}' is used instead`)
    }
    return backup
  }

  /** As the original does it, its backup counts when the file is gone; removing both begins anew, whatever the folder still has. */
  async #withoutFile(): Promise<LedgerDocument> {
    const backup = await findGoodBackup(this.#plainBackups(), this.#deps)
    if (backup === undefined) return emptyDocument()
    this.#options.logger.warn(`'${this.path}' is missing; its backup '${backup.path}' is used instead`)
    return backup.document
  }

  #plainBackups(): string[] {
    return [...new Set([`${this.path}.bak`, originalBackup(this.path)])]
  }

  async #checkpointIfFree(): Promise<void> {
    try {
      const session = await this.#files.acquire({ timeoutMs: 1000 })
      try {
        await session.read()
        await session.checkpoint(false)
      } finally {
        await this.#release(session)
      }
    } catch (error) {
      // Nothing is lost: the journal stays, and whoever comes next reads it.
      this.#options.logger.info(`'${this.path}': ${messageOf(error)}`)
    }
  }

  async #release(session: FilesSession): Promise<void> {
    try {
      await session.release()
    } catch (error) {
      this.#options.logger.warn(`${this.path}: ${messageOf(error)}`)
    }
  }

  #now(): number {
    return (this.#deps.now ?? Date.now)()
  }
}

/** The original names the backup after the file without its ending, whatever that is. */
function originalBackup(path: string): string {
  return join(dirname(path), `${basename(path, extname(path))}.json.bak`)
}

function asTyped(path: string, error: unknown): unknown {
  if (error instanceof AtomicFileError) return new StateWriteError(path, error)
  const code = errorCode(error)
  return code === undefined || code.startsWith('ERR_') ? error : new StateReadError(path, error)
}
