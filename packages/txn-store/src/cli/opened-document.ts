/** A document as the commands see it: its states, and the commands that bring it back. Reads only; nothing is locked, settled or made. */
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { BackupReader } from '../backup-reader.js'
import { isSealed } from '../cipher.js'
import { StateReadError } from '../errors.js'
import { readWhole } from '../file/document-image.js'
import type { FileStorage, StorageEvents } from '../file/file-storage.js'
import type { LoadedDocument } from '../file/load-document.js'
import type { JsonObject } from '../json.js'
import { openFileStorage, type StorageOptions } from '../open-storage.js'
import { WrongKeyError } from '../sealing-errors.js'
import { shellCommand } from '../shell-command.js'
import type { TransactionRecord } from '../storage.js'
import { type AdviceOptions, OperatorError } from './cli-errors.js'
import { tryParseInstant } from './instant.js'
import type { CommonOptions } from './options.js'

/** A state with the name it is told by. */
export interface NamedState {
  readonly name: string
  readonly data: JsonObject
}

/**
 * The store's options for an operator: how many backups and how much history to keep is the business of the program that owns the document, so nothing is
 * tidied away, and a document is left without a journal.
 */
export function storageOptions({ folder, logName, keyFiles, acceptPlain, waitMs }: CommonOptions): StorageOptions {
  const [keyFile, ...previousKeyFiles] = keyFiles
  return {
    folder,
    logName,
    lockTimeoutMs: waitMs,
    label: 'holdfast-state',
    maxBackups: Number.MAX_SAFE_INTEGER,
    maxLogBytes: Number.MAX_SAFE_INTEGER,
    ...(keyFile === undefined ? {} : { encryption: { keyFile, previousKeyFiles, acceptPlain } }),
  }
}

export class OpenedDocument {
  readonly storage: FileStorage
  readonly #options: CommonOptions
  readonly #reader: BackupReader

  private constructor(storage: FileStorage, options: CommonOptions) {
    this.storage = storage
    this.#options = options
    this.#reader = new BackupReader(storage)
  }

  /** @throws KeyFileError; OperatorError when there is nothing by that name, neither a document nor what one leaves. */
  static async open(options: CommonOptions, events: Partial<StorageEvents> = {}): Promise<OpenedDocument> {
    const storage = await openFileStorage(options.document, storageOptions(options), events)
    const opened = new OpenedDocument(storage, options)
    const { document, log, journal } = storage.layout
    if (![document, log, journal].some((path) => existsSync(path)) && (await storage.backups.list()).length === 0) {
      throw new OperatorError(`There is no document '${document}', nor backups or a history of one`, {
        hint: 'Is the path right? If its backups and history are not in .pipeline, name their folder with --folder',
      })
    }
    return opened
  }

  get path(): string {
    return this.storage.path
  }

  /** The newest commit, also when it is in the journal. @throws OperatorError when the document is missing or damaged, with what brings it back */
  async current(): Promise<LoadedDocument> {
    const { path } = this
    let loaded: LoadedDocument
    try {
      loaded = await this.storage.load()
    } catch (error) {
      throw await this.#explain(error, path, () => this.#rescue())
    }
    if (loaded.image.sha256 !== null || loaded.journal !== undefined) return loaded
    throw new OperatorError(`There is no document '${path}'`, { ...(await this.#rescue()), code: 'ERR_STATE_READ' })
  }

  /** `undefined` when it is missing or damaged, which a restore mends. @throws OperatorError for a wrong key, no permission, … */
  async tryCurrent(): Promise<LoadedDocument | undefined> {
    try {
      return await this.current()
    } catch (error) {
      if (errorCode(error) === 'ERR_STATE_READ') return undefined
      throw error
    }
  }

  /** The newest records of the history, newest first; also of a damaged document. */
  async records(limit: number): Promise<TransactionRecord[]> {
    try {
      return await this.storage.history(limit)
    } catch (error) {
      throw await this.#explain(error, this.path, async () => ({}))
    }
  }

  /** @throws OperatorError */
  async backup(given: string): Promise<NamedState & { readonly path: string }> {
    const path = await this.backupPath(given)
    try {
      return { ...(await this.#reader.read(path)), path }
    } catch (error) {
      throw await this.#explain(error, path, () => this.#otherBackup())
    }
  }

  /** @throws OperatorError when it is not known any more */
  async at(instant: number): Promise<NamedState> {
    try {
      return await this.#reader.readAt(instant)
    } catch (error) {
      const reason = 'Choose a later time, or a backup'
      throw await this.#explain(error, this.path, async () => ({ ...(await this.#otherBackup()), hint: reason }))
    }
  }

  /** `current`, an instant, or a backup. */
  async state(text: string): Promise<NamedState> {
    if (text === 'current') return { name: 'current', data: (await this.current()).data }
    const instant = tryParseInstant(text)
    return instant === undefined ? await this.backup(text) : await this.at(instant)
  }

  /** A command on this document for a shell, with the options that it needs. */
  command(name: string, ...words: readonly string[]): string {
    const { folder, logName, keyFiles, acceptPlain } = this.#options
    const options = [
      ...(folder === undefined ? [] : ['--folder', folder]),
      ...(logName === undefined ? [] : ['--log-name', logName]),
      ...keyFiles.flatMap((file) => ['--key-file', resolve(file)]),
      ...(acceptPlain ? ['--accept-plain'] : []),
    ]
    return shellCommand(['holdfast-state', name, this.path, ...words, ...options])
  }

  /** What brings back as much as there is. */
  async #rescue(): Promise<AdviceOptions> {
    if ((await this.#read(() => this.#reader.read(this.path))) !== undefined) {
      return {
        hint: 'The file itself is whole; to go on from it, setting the journal aside',
        command: this.command('restore', this.path),
      }
    }
    const newest = await this.#newestCommit()
    if (newest !== undefined) {
      return { hint: 'Restore the newest commit', command: this.command('restore', '--to', newest) }
    }
    for (const path of await this.storage.backups.list()) {
      if ((await this.#read(() => this.#reader.read(path))) === undefined) continue
      return { hint: 'Restore the newest good backup', command: this.command('restore', path) }
    }
    return { hint: `There is no backup that can be read; put a good copy of '${this.path}' in its place` }
  }

  /** When it was committed, if backups and history still tell what it was. */
  async #newestCommit(): Promise<string | undefined> {
    const newest = await this.#read(() => this.storage.history(1))
    const { kind, success, timestamp } = newest?.[0] ?? {}
    if (timestamp === undefined || success !== true || (kind !== 'commit' && kind !== 'restore')) return undefined
    const state = await this.#read(() => this.#reader.readAt(Date.parse(timestamp)))
    return state === undefined ? undefined : timestamp
  }

  async #read<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (errorCode(error) !== undefined) return undefined
      throw error
    }
  }

  /** A path, or that of the backup with this name; one that was compressed meanwhile is found by its old name. */
  async backupPath(given: string): Promise<string> {
    const path = resolve(given)
    if (existsSync(path)) return path
    const name = basename(given)
    const listed = await this.storage.backups.list()
    return listed.find((backup) => [name, `${name}.gz`, `${name}.zst`].includes(basename(backup))) ?? path
  }

  async #otherBackup(): Promise<AdviceOptions> {
    return { hint: 'Choose another backup', command: this.command('backups') }
  }

  /** The store's errors speak of its options; an operator has flags and commands. */
  async #explain(error: unknown, path: string, advise: () => Promise<AdviceOptions>): Promise<unknown> {
    if (error instanceof WrongKeyError) return explainKey(error, path)
    const code = errorCode(error)
    if (!(error instanceof Error) || code === undefined) return error
    if (!(error instanceof StateReadError)) {
      return code.startsWith('ERR_')
        ? error
        : new OperatorError(`Cannot read '${path}': ${error.message}`, { code, cause: error })
    }
    // No permission, a failing disk: restoring would not help.
    const reason = errorCode(error.cause)
    if (reason !== undefined && !reason.startsWith('ERR_')) {
      return new OperatorError(error.message, { code: reason, cause: error })
    }
    if (this.#options.keyFiles.length > 0 && !this.#options.acceptPlain && (await isPlain(error.path))) {
      const hint = 'If it is genuine, leave out --key-file, or add --accept-plain'
      return new OperatorError(error.message, { hint, code: 'ERR_STATE_NOT_ENCRYPTED', cause: error })
    }
    return new OperatorError(error.message, { ...(await advise()), code: error.code, cause: error })
  }
}

function explainKey(error: WrongKeyError, path: string): OperatorError {
  const { keyId, givenKeyIds, code } = error
  if (givenKeyIds.length === 0) {
    const hint = 'Give the file that holds its key: --key-file FILE'
    return new OperatorError(`'${path}' is encrypted with the key ${keyId}`, { hint, code, cause: error })
  }
  return new OperatorError(
    `'${path}' is encrypted with the key ${keyId}, and --key-file gave ${givenKeyIds.join(', ')}`,
    {
      hint: 'Give the file that holds that key; --key-file may be given more than once, first the key to encrypt with',
      code,
      cause: error,
    },
  )
}

/** Whether there is a JSON document that nobody encrypted. */
async function isPlain(path: string): Promise<boolean> {
  const text = (await readWhole(path)).bytes?.toString('utf8')
  return text !== undefined && !isSealed(text) && /^\s*\{/.test(text)
}
