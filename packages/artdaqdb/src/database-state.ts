/**
 * What one open database knows of the files on disk: the two indexes with the journal's commits on top. The documents are the truth, the indexes and
 * the journal say which of them are stored. Everything is read again when it changed on disk, whoever changed it.
 */
import type { Collection } from './collections.js'
import { COLLECTIONS } from './collections.js'
import { type DatabaseFiles, fileSignature, folderExists, listFolder, readBytes } from './database-files.js'
import { DatabaseDamagedError, UnsupportedDatabaseError } from './errors.js'
import { IndexFormatError, IndexSyntaxError, readIndex } from './index-reader.js'
import { type CommittedRun, type DocumentName, decodeJournal, type JournalPart, JournalSyntaxError } from './journal.js'
import { rebuildIndex } from './rebuild.js'
import type { DatabaseLogger } from './run-database.js'
import { SearchIndex } from './search-index.js'

export interface LoadedIndex {
  readonly index: SearchIndex
  /** State of index.json when it was read, `undefined` when there was none. */
  readonly signature: string | undefined
  /** Why the index had to be made from the documents. */
  readonly damage: 'damaged' | 'missing' | undefined
  /** Whether it holds more than index.json. */
  readonly dirty: boolean
}

export interface JournalState {
  readonly signature: string | undefined
  /** Length in whole, valid lines. */
  readonly validBytes: number
  readonly size: number
  /** Documents announced by a writer that has not committed them. */
  readonly intent: readonly DocumentName[]
}

const NO_JOURNAL: JournalState = { signature: undefined, validBytes: 0, size: 0, intent: [] }
const UNREAD = 'unread'
const MAX_READS = 20

export class DatabaseState {
  readonly #files: DatabaseFiles
  readonly #logger: DatabaseLogger
  #indexes: Record<Collection, LoadedIndex> = { RunHistory: unreadIndex(), SystemLayout: unreadIndex() }
  #journal: JournalState = NO_JOURNAL
  #refreshing: Promise<void> = Promise.resolve()

  constructor(files: DatabaseFiles, logger: DatabaseLogger) {
    this.#files = files
    this.#logger = logger
  }

  get journal(): JournalState {
    return this.#journal
  }

  loaded(collection: Collection): LoadedIndex {
    return this.#indexes[collection]
  }

  index(collection: Collection): SearchIndex {
    return this.#indexes[collection].index
  }

  /**
   * Reads what changed since the last time. Needs no lock: a reader takes the journal first and the indexes after it, so that runs which
   * another process moves from one to the other meanwhile are seen in one of them at least.
   *
   * @throws DatabaseDamagedError for a journal that is damaged before its last line, UnsupportedDatabaseError, UnsafeNameError
   */
  async refresh(): Promise<void> {
    // One after the other, never shared: who took the lock must see what was written until then.
    const refreshed = this.#refreshing.then(() => this.#refresh())
    this.#refreshing = refreshed.catch(() => undefined)
    return refreshed
  }

  /** Takes over what this process has just appended to the journal. */
  committed(runs: readonly CommittedRun[]): void {
    for (const run of runs) {
      for (const { collection, oid, entity, version, assigned } of run.documents) {
        this.index(collection).add({
          oid,
          version,
          configurations: [{ name: run.configuration, assigned }],
          entities: [entity],
          runs: [String(run.run)],
        })
        this.#indexes[collection] = { ...this.#indexes[collection], dirty: true }
      }
    }
  }

  journalWritten(journal: JournalState): void {
    this.#journal = journal
  }

  indexWritten(collection: Collection, index: SearchIndex, signature: string | undefined): void {
    this.#indexes[collection] = { index, signature, damage: undefined, dirty: false }
  }

  /** Makes the next refresh read everything. */
  forget(): void {
    this.#indexes = { RunHistory: unreadIndex(), SystemLayout: unreadIndex() }
    this.#journal = NO_JOURNAL
  }

  async #refresh(): Promise<void> {
    for (let read = 1; ; read += 1) {
      const before = await this.#signatures()
      const changed = COLLECTIONS.filter((collection) => before[collection] !== this.#indexes[collection].signature)
      const journal = await this.#readJournal(changed.length > 0)
      const loaded = new Map<Collection, LoadedIndex>()
      for (const collection of changed) {
        loaded.set(
          collection,
          await this.#load(collection, before[collection], journal.state.intent, read === MAX_READS),
        )
      }
      const after = await this.#signatures()
      const stable = COLLECTIONS.every((collection) => after[collection] === before[collection])
      if (!stable && read < MAX_READS) continue
      for (const [collection, index] of loaded) {
        this.#indexes[collection] = index
        this.#report(collection, index)
      }
      this.#journal = journal.state
      for (const record of journal.records) if (record.type === 'commit') this.committed(record.runs)
      return
    }
  }

  async #signatures(): Promise<Record<Collection, string | undefined>> {
    const signatures: Record<Collection, string | undefined> = { RunHistory: undefined, SystemLayout: undefined }
    for (const collection of COLLECTIONS) {
      if (!(await folderExists(this.#files.collection(collection)))) continue
      signatures[collection] = await fileSignature(this.#files.index(collection))
    }
    return signatures
  }

  async #readJournal(whole: boolean): Promise<{ state: JournalState; records: JournalPart['records'] }> {
    const known = this.#journal
    const signature = await fileSignature(this.#files.journal)
    if (!whole && signature === known.signature) return { state: known, records: [] }
    const grew = !whole && known.signature !== undefined && inode(signature) === inode(known.signature)
    const position = grew ? known.validBytes : 0
    const bytes = (await readBytes(this.#files.journal, position)) ?? Buffer.alloc(0)
    const part = this.#decode(bytes, position)
    let intent = grew ? known.intent : []
    for (const record of part.records) intent = record.type === 'intent' ? record.documents : []
    const state = { signature, validBytes: position + part.validBytes, size: position + bytes.length, intent }
    return { state, records: part.records }
  }

  #decode(bytes: Buffer, position: number): JournalPart {
    try {
      return decodeJournal(bytes)
    } catch (error) {
      if (!(error instanceof JournalSyntaxError)) throw error
      if (error.isNewerVersion) {
        throw new UnsupportedDatabaseError(
          this.#files.journal,
          error.message,
          'Use the newer program, and let it fold the database',
        )
      }
      throw new DatabaseDamagedError(
        this.#files.journal,
        error.message,
        'Make the indexes anew from the documents with rebuildIndex()',
        position + error.offset,
        error,
      )
    }
  }

  async #load(
    collection: Collection,
    signature: string | undefined,
    intent: readonly DocumentName[],
    isLastRead: boolean,
  ): Promise<LoadedIndex> {
    const path = this.#files.index(collection)
    const bytes = await readBytes(path)
    // A file that is being written by the original tools is read again by the caller.
    const isComplete = (await fileSignature(path)) === signature
    let damage: LoadedIndex['damage']
    if (bytes === undefined) {
      const names = await listFolder(this.#files.collection(collection))
      if (!names.some((name) => name.endsWith('.json')))
        return { index: new SearchIndex(), signature, damage, dirty: false }
      damage = 'missing'
    } else {
      try {
        return { index: readIndex(bytes), signature, damage, dirty: false }
      } catch (error) {
        if (error instanceof IndexFormatError) {
          const hint = "Bring the database to the present form with the site's migrate_database tool"
          throw new UnsupportedDatabaseError(
            path,
            `${error.message}, as only other versions of artdaq_database write`,
            hint,
          )
        }
        if (!(error instanceof IndexSyntaxError)) throw error
        damage = 'damaged'
        if (isComplete || isLastRead) {
          this.#logger.warn(`The index '${path}' is damaged: ${error.message} at offset ${error.offset}`, { path })
        }
      }
    }
    if (!isComplete && !isLastRead) return { index: new SearchIndex(), signature, damage, dirty: false }
    const { index } = await rebuildIndex(this.#files, collection, intent)
    return { index, signature, damage, dirty: true }
  }

  #report(collection: Collection, { damage, index }: LoadedIndex): void {
    if (damage === undefined) return
    const path = this.#files.index(collection)
    this.#logger.warn(`The index '${path}' is ${damage}; ${index.oids.size} documents were read in its place`, { path })
  }
}

function unreadIndex(): LoadedIndex {
  return { index: new SearchIndex(), signature: UNREAD, damage: undefined, dirty: false }
}

/** Tells a file that grew from one that was put in its place. */
function inode(signature: string | undefined): string | undefined {
  return signature?.split('.')[0]
}
