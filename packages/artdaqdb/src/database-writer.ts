/**
 * Everything that changes a database, done while its lock is held. A group of documents is announced in the journal (intent), written, and
 * committed by one more line; until then no index names them. Folding writes the indexes anew and drops the journal.
 *
 * A crash can leave: an intent with some of its documents, an unfinished last journal line, committed lines that the indexes do not hold yet,
 * temporary files in the database folder. The next writer repairs all of these before it writes.
 */
import { access } from 'node:fs/promises'
import {
  makeDirectory,
  moveFile,
  removeFile,
  sweepLeftovers,
  writeFileAtomic,
  writeFilesAtomic,
} from '@holdfast/atomic-file'
import { type FileLock, withLock } from '@holdfast/lock'
import { COLLECTIONS, type Collection } from './collections.js'
import { type DatabaseFiles, fileSignature, folderExists } from './database-files.js'
import type { DatabaseState } from './database-state.js'
import type { ResolvedDeps } from './deps.js'
import { EMPTY_INDEX_TEXT, writeIndex } from './index-writer.js'
import type { CommittedRun, DocumentName, JournalRecord } from './journal.js'
import { JournalFile } from './journal-file.js'
import { makeOid } from './oid.js'
import { rebuildIndex } from './rebuild.js'
import type { RebuildReport } from './run-database.js'
import type { SearchIndex } from './search-index.js'
import { ensureSystemMetadata } from './system-metadata.js'
import { formatTimestamp } from './timestamps.js'

export interface DocumentFile extends DocumentName {
  readonly text: string
}

export interface DatabaseWriterOptions {
  readonly uri: string
  readonly lockTimeoutMs: number
  /** Whether the first store makes the database folder. One that was there and is gone (its disk?) is never made anew. */
  readonly createRoot: boolean
}

export class DatabaseWriter {
  readonly #files: DatabaseFiles
  readonly #state: DatabaseState
  readonly #options: DatabaseWriterOptions
  readonly #deps: ResolvedDeps
  readonly #journal: JournalFile
  #isLaidOut = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(files: DatabaseFiles, state: DatabaseState, options: DatabaseWriterOptions, deps: ResolvedDeps) {
    this.#files = files
    this.#state = state
    this.#options = options
    this.#deps = deps
    this.#journal = new JournalFile(files.journal, (journal) => state.journalWritten(journal))
  }

  /** Holds the lock on a database that is repaired and read anew while `work` runs; one after the other in this process. */
  locked<T>(work: (group: WriteGroup) => Promise<T>): Promise<T> {
    return this.#exclusively(this.#options.createRoot && !this.#isLaidOut, async (lock) => {
      await this.#prepare(lock)
      return work({
        write: (files, runs) => this.#write(lock, files, runs),
        setAside: (path) => this.#setAside(path),
      })
    })
  }

  /** Writes the indexes when the journal holds anything, and drops it. */
  async fold(): Promise<void> {
    if (await this.#isNotMadeYet()) return
    await this.#exclusively(false, async (lock) => {
      await this.#prepare(lock)
      await this.#fold(lock)
    })
  }

  /** Puts everything that cannot be read aside and makes both indexes from the documents. */
  async rebuild(): Promise<RebuildReport> {
    if (await this.#isNotMadeYet()) return { documents: 0, skipped: [], setAside: [] }
    return this.#exclusively(false, async (lock) => {
      const setAside: string[] = []
      try {
        setAside.push(...(await this.#prepare(lock)))
      } catch (error) {
        if (!isDamage(error)) throw error
        setAside.push(await this.#setAside(this.#files.journal))
        this.#state.forget()
        setAside.push(...(await this.#prepare(lock)))
      }
      const skipped: { path: string; reason: string }[] = []
      let documents = 0
      for (const collection of COLLECTIONS) {
        const rebuilt = await rebuildIndex(this.#files, collection, [])
        skipped.push(...rebuilt.skipped)
        documents += rebuilt.index.listed.length
        await this.#writeIndex(lock, collection, rebuilt.index)
      }
      await this.#journal.remove()
      return { documents, skipped, setAside }
    })
  }

  async close(): Promise<void> {
    await this.#last
    await this.#journal.close()
  }

  async #isNotMadeYet(): Promise<boolean> {
    return this.#options.createRoot && !this.#isLaidOut && !(await folderExists(this.#files.root))
  }

  #exclusively<T>(createRoot: boolean, work: (lock: FileLock) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      if (createRoot) await makeDirectory(this.#files.root)
      // The lock would make the folder.
      else await access(this.#files.root)
      // A link in its place would have the lock written elsewhere.
      await fileSignature(this.#files.lock)
      return withLock(this.#files.lock, work, { timeoutMs: this.#options.lockTimeoutMs })
    })
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Resolves to where damaged files were moved to. */
  async #prepare(lock: FileLock): Promise<string[]> {
    const setAside: string[] = []
    await this.#state.refresh()
    await this.#repairJournal(lock)
    if (!this.#isLaidOut) {
      await sweepLeftovers(this.#files.root)
      await this.#layOut()
      this.#isLaidOut = true
    }
    for (const collection of COLLECTIONS) {
      const { damage, index } = this.#state.loaded(collection)
      if (damage === undefined) continue
      const path = this.#files.index(collection)
      if (damage === 'damaged') {
        const moved = await this.#setAside(path)
        this.#deps.logger.warn(
          `Moved the damaged index '${path}' to '${moved}' and made a new one from the documents`,
          {
            path,
          },
        )
        setAside.push(moved)
      }
      await this.#writeIndex(lock, collection, index)
    }
    return setAside
  }

  async #repairJournal(lock: FileLock): Promise<void> {
    const { size, validBytes, intent } = this.#state.journal
    if (size > validBytes) await this.#journal.truncate(validBytes, intent)
    if (intent.length === 0) return
    for (const { collection, oid } of intent) {
      if (await folderExists(this.#files.collection(collection)))
        await removeFile(this.#files.document(collection, oid))
    }
    await sweepLeftovers(this.#files.root)
    await this.#append(lock, { type: 'rollback' })
  }

  async #layOut(): Promise<void> {
    await ensureSystemMetadata(this.#files, {
      oid: makeOid(this.#deps.uuid),
      uri: this.#options.uri,
      createTime: formatTimestamp(this.#deps.now()),
    })
    for (const collection of COLLECTIONS) {
      const { signature, damage } = this.#state.loaded(collection)
      if (signature !== undefined || damage !== undefined) continue
      // From here on a missing index means that one was lost.
      await makeDirectory(this.#files.collection(collection))
      await writeFileAtomic(this.#files.index(collection), EMPTY_INDEX_TEXT, { tempDirectory: this.#files.root })
    }
    await this.#state.refresh()
  }

  async #write(lock: FileLock, files: readonly DocumentFile[], runs: readonly CommittedRun[]): Promise<void> {
    try {
      await this.#append(lock, { type: 'intent', documents: files.map(({ collection, oid }) => ({ collection, oid })) })
      await writeFilesAtomic(
        files.map(({ collection, oid, text }) => ({ path: this.#files.document(collection, oid), data: text })),
        { overwrite: false, tempDirectory: this.#files.root },
      )
      await this.#append(lock, { type: 'commit', runs })
    } catch (error) {
      // If this fails too, the next writer does it.
      await this.#state
        .refresh()
        .then(() => this.#repairJournal(lock))
        .catch(() => undefined)
      throw error
    }
    this.#state.committed(runs)
  }

  async #fold(lock: FileLock): Promise<void> {
    for (const collection of COLLECTIONS) {
      while (this.#state.loaded(collection).dirty) {
        const { index, signature } = this.#state.loaded(collection)
        const bytes = writeIndex(index)
        // The original tools take no lock: what they have just added is read and written with the rest.
        if ((await fileSignature(this.#files.index(collection))) !== signature) await this.#state.refresh()
        else await this.#writeIndex(lock, collection, index, bytes)
      }
    }
    await this.#journal.remove()
  }

  async #writeIndex(
    lock: FileLock,
    collection: Collection,
    index: SearchIndex,
    bytes: Buffer = writeIndex(index),
  ): Promise<void> {
    assertHeld(lock)
    const path = this.#files.index(collection)
    await writeFileAtomic(path, bytes, { tempDirectory: this.#files.root })
    this.#state.indexWritten(collection, index, await fileSignature(path))
  }

  async #append(lock: FileLock, record: JournalRecord): Promise<void> {
    assertHeld(lock)
    await this.#journal.append(record)
  }

  async #setAside(path: string): Promise<string> {
    const target = this.#files.setAside(path, this.#deps.now())
    await moveFile(path, target)
    return target
  }
}

/** What may be done with the database while its lock is held. */
export interface WriteGroup {
  /** Writes documents and commits them as the given runs, all or nothing. */
  write(files: readonly DocumentFile[], runs: readonly CommittedRun[]): Promise<void>
  /** Moves a file that cannot be used out of the collection; resolves to its new path. */
  setAside(path: string): Promise<string>
}

/** A lock file that was removed lets another process in; then nothing more may be committed. */
function assertHeld(lock: FileLock): void {
  if (!lock.isLockFileValid()) throw new Error(`The lock '${lock.path}' was lost while the database was being written`)
}

function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_ARTDAQDB_DAMAGED'
}
