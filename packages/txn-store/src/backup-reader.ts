import { basename } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { compressionOfName, decompress } from './compression.js'
import { StateReadError } from './errors.js'
import { readWhole } from './file/document-image.js'
import type { FileStorage } from './file/file-storage.js'
import { entriesIn } from './file/journal.js'
import type { Layout } from './file/layout.js'
import type { LoadedDocument } from './file/load-document.js'
import type { JsonObject } from './json.js'
import { applyPatch, type JsonPatchOperation } from './json-patch.js'
import { stateCommand } from './shell-command.js'
import type { TransactionRecord } from './storage.js'

/** A former state. */
export interface BackupContent {
  readonly data: JsonObject
  /** What it is called in the history. */
  readonly name: string
}

/** Finds former states of a document. */
export class BackupReader {
  readonly #storage: FileStorage

  constructor(storage: FileStorage) {
    this.#storage = storage
  }

  /** @throws StateReadError */
  async read(path: string): Promise<BackupContent> {
    const hint = `Choose another backup: ${stateCommand(this.#storage.layout, 'backups')}`
    const { bytes } = await readWhole(path).catch((cause: unknown) => {
      if (errorCode(cause) === undefined) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StateReadError(`Cannot read '${path}': ${reason}`, { path, hint, cause })
    })
    if (bytes === undefined) throw new StateReadError(`Cannot read '${path}': there is no such file`, { path, hint })
    let plain: Uint8Array = bytes
    try {
      if (compressionOfName(path) !== undefined) plain = await decompress(bytes, { source: path })
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new StateReadError(`Cannot read '${path}': ${reason}`, { path, hint, cause })
    }
    return { data: this.#storage.codec.decode(plain, path, hint), name: basename(path) }
  }

  async isGood(path: string): Promise<boolean> {
    try {
      await this.read(path)
      return true
    } catch (error) {
      if (error instanceof StateReadError) return false
      throw error
    }
  }

  /**
   * The state at an instant: the newest whole state before it, and the changes since that the history tells whole.
   *
   * @throws StateReadError when there is no such state, or it is not known any more
   */
  async readAt(instant: number): Promise<BackupContent> {
    if (!Number.isFinite(instant)) throw new RangeError(`'${instant}' is not an instant`)
    const name = new Date(instant).toISOString()
    const loaded = await this.#storage.load().catch((error: unknown) => {
      if (error instanceof StateReadError) return undefined
      throw error
    })
    const changes: (readonly JsonPatchOperation[])[] = []
    let later: TransactionRecord | undefined
    let oldest: string | undefined
    let isFound = false
    for await (const record of this.#storage.records(loaded)) {
      if (!record.success || !STATE_KINDS.has(record.kind)) continue
      oldest = record.timestamp
      isFound ||= Date.parse(record.timestamp) <= instant
      if (isFound) {
        // The document is the state of the newest record only if nobody has changed it since.
        const newest = record.sha256 === loaded?.image.sha256 ? loaded?.image.data : undefined
        const whole = 'sha256' in record ? await this.#stateBefore(later, newest) : undefined
        if (whole !== undefined) return { data: replay(whole, changes), name }
        if (record.kind !== 'checkpoint') {
          if (record.patch === undefined) throw unknown(this.#storage.layout, name, record.timestamp)
          changes.unshift(record.patch)
        }
      }
      if ('sha256' in record) later = record
    }
    const first = later?.before === null ? {} : await this.#stateBefore(later, journalBase(loaded))
    if (first === undefined) throw unknown(this.#storage.layout, name, oldest)
    return { data: replay(first, changes), name }
  }

  /** The state that this record replaced, if it is still there; without a record, the newest. */
  async #stateBefore(
    record: TransactionRecord | undefined,
    newest: JsonObject | undefined,
  ): Promise<JsonObject | undefined> {
    if (record === undefined) return newest
    const { backup } = record
    if (backup === undefined) return undefined
    const path = (await this.#storage.backups.list()).find((listed) => basename(listed).startsWith(backup))
    return path === undefined ? undefined : (await this.read(path)).data
  }
}

const STATE_KINDS: ReadonlySet<string> = new Set(['commit', 'restore', 'checkpoint', 'external'])

/** The document, when the history begins with the journal that follows it. */
function journalBase(loaded: LoadedDocument | undefined): JsonObject | undefined {
  if (loaded?.journal === undefined || entriesIn(loaded.journal, loaded.image.sha256) !== 0) return undefined
  return loaded.image.data
}

function replay(from: JsonObject, changes: readonly (readonly JsonPatchOperation[])[]): JsonObject {
  return changes.reduce<JsonObject>((data, patch) => applyPatch(data, patch) as JsonObject, from)
}

function unknown(layout: Layout, wanted: string, oldest: string | undefined): StateReadError {
  const path = layout.document
  const reach = oldest === undefined ? 'there is no history' : `neither a backup nor the history reach beyond ${oldest}`
  return new StateReadError(`Cannot tell what '${path}' was at ${wanted}: ${reach}`, {
    path,
    hint: `Choose a later time, or one of the backups: ${stateCommand(layout, 'backups')}`,
  })
}
