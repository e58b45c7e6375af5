/**
 * One turn at committing, from taking the lock to releasing it. Two things keep others out: the lock file makes them wait in order, and the guard (flock on
 * the history) is held while files change, because anybody can delete a lock file. Under the guard, a commit is refused when another has come in between.
 */
import { errorCode } from '@holdfast/atomic-file'
import type { FileLock } from '@holdfast/lock'
import { StaleTokenError, StateReadError, StateTransactionError } from '../errors.js'
import type { Commit, Committed, NoteEntry, StorageSession, StoredDocument } from '../storage.js'
import { appendCommit } from './append-commit.js'
import type { LogTail } from './audit-log.js'
import { checkpoint, isDue } from './checkpoint.js'
import { identify, readWhole } from './document-image.js'
import { endOf, entriesIn, isSame, type JournalView } from './journal.js'
import { type DocumentSource, isRefusal, type LoadedDocument, loadDocument } from './load-document.js'
import { noteRecord, type RecordContext } from './make-record.js'
import { isRestore, replaceDocument } from './replace-document.js'
import { chain, isOrphaned, settle } from './settle.js'
import { asStateError, type Base, type Outcome, type Turn, type TurnContext } from './turn.js'

export interface SessionHooks {
  /** The newest state that the store knows. */
  readonly known: () => LoadedDocument | undefined
  readonly remember: (base: Base) => void
  /** The end of the history that a turn has found. */
  readonly found: (tail: LogTail) => void
  readonly onRecovered: (what: string) => void
  /** Something that is no part of the promise failed. */
  readonly onWarning: (error: unknown) => void
}

export class FileSession implements StorageSession {
  readonly token: number
  readonly #lock: FileLock
  readonly #context: TurnContext
  readonly #turn: Turn
  readonly #hooks: SessionHooks
  #base: Base | undefined

  constructor(lock: FileLock, context: TurnContext, record: Omit<RecordContext, 'token'>, hooks: SessionHooks) {
    this.token = lock.token
    this.#lock = lock
    this.#context = context
    this.#turn = { context, record: { ...record, token: lock.token } }
    this.#hooks = hooks
  }

  async read(): Promise<StoredDocument> {
    const base = await this.#guarded(() => this.#load())
    const { loaded } = base
    if (loaded === undefined) throw this.#damage
    const { image, journal, data } = loaded
    const stored = { data, exists: base.sha256 !== null || journal !== undefined }
    return image.isOutdated ? { ...stored, isOutdated: true } : stored
  }

  commit(commit: Commit): Promise<Committed> {
    return this.#guarded(async () => {
      const base = await this.#assertNewest()
      const { seq, backup, base: next } = await this.#commit(base, commit)
      this.#keep(next)
      await this.#tidyUp(next)
      return { seq, backup }
    })
  }

  async note(notes: readonly NoteEntry[]): Promise<void> {
    try {
      await this.#guarded(async () => {
        const base = await this.#assertNewest()
        // A line in between would keep the journal from going on where the log ends.
        if (base.orphaned !== undefined) return
        if (base.loaded?.journal !== undefined) {
          const { loaded } = base
          const outcome = await appendCommit(this.#turn, base, loaded, { data: loaded.data, entries: [], notes })
          return this.#keep(outcome.base)
        }
        const records = notes.map((note) => noteRecord(note, base.tail.seq, this.#turn.record))
        await this.#context.log.append(chain(records, base.tail.hash), records)
        this.#keep({ ...base, tail: await this.#context.log.tail() })
      })
    } catch (error) {
      this.#hooks.onWarning(error)
    }
  }

  /** Writes what the journal holds into the document. */
  checkpoint(keepJournal: boolean): Promise<void> {
    return this.#guarded(async () => {
      this.#keep(await checkpoint(this.#turn, await this.#assertNewest(), keepJournal))
    })
  }

  /** Keeps the document as it is now as a backup. `undefined` when there is none. @throws StateReadError when it is damaged */
  backup(): Promise<string | undefined> {
    return this.#guarded(async () => this.#backUp(await this.#assertNewest()))
  }

  async release(): Promise<void> {
    try {
      const journal = this.#base?.loaded?.journal
      if (journal !== undefined && isDue(journal, this.#base?.loaded?.image.bytes ?? 0)) await this.checkpoint(true)
    } catch (error) {
      this.#hooks.onWarning(error)
    }
    try {
      await this.#lock.release()
    } catch (error) {
      // What a lost lock could spoil, the guard and the comparison before each commit have prevented.
      if (errorCode(error) !== 'ERR_LOCK_LOST') throw error
      this.#hooks.onWarning(error)
    }
  }

  async #backUp({ loaded, sha256 }: Base): Promise<string | undefined> {
    // Among the backups it would be taken for a good one, and the newest.
    if (loaded === undefined) throw this.#damage
    const { backups, codec, layout } = this.#context
    const isInFile = loaded.journal === undefined || entriesIn(loaded.journal, sha256) === loaded.journal.count
    if (isInFile && sha256 === null) return undefined
    const path = await backups.nextPath()
    // The document stays where it is: with a link, a program that writes it in place would write the backup as well.
    const { bytes } = isInFile ? await readWhole(layout.document) : { bytes: codec.encode(loaded.data) }
    if (bytes === undefined) return undefined
    await backups.write(path, bytes)
    backups.rotate()
    return path
  }

  async #commit(base: Base, commit: Commit): Promise<Outcome> {
    const { loaded } = base
    if (loaded !== undefined && this.#context.journalMode) {
      const backup = isRestore(commit) && this.#context.mayKeepBackups ? await this.#backUp(base) : undefined
      return { ...(await appendCommit(this.#turn, base, loaded, commit)), backup }
    }
    return replaceDocument(this.#turn, base, commit)
  }

  /** What fails here is no failure of the commit, which is durable; what this turn knew may be wrong then. */
  async #tidyUp(base: Base): Promise<void> {
    const { backups, log, journalMode } = this.#context
    try {
      if (journalMode) {
        // So that from the first commit under a new key on nothing is left under the old one.
        if (base.loaded?.image.isOutdated) this.#keep(await checkpoint(this.#turn, base, true))
        return
      }
      backups.rotate()
      await log.rotate()
      this.#keep({ ...base, tail: await log.tail() })
    } catch (error) {
      this.#base = undefined
      this.#hooks.onWarning(error)
    }
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    const { log, layout, lockTimeoutMs } = this.#context
    try {
      const unlock = await log.guard({ timeoutMs: lockTimeoutMs })
      try {
        return await work()
      } finally {
        unlock()
      }
    } catch (error) {
      throw asStateError(layout.document, error)
    }
  }

  #damage: unknown

  async #load(): Promise<Base> {
    const { layout, codec, journal, hint, log, journalMode } = this.#context
    const source: DocumentSource = { path: layout.document, codec, journal, hint }
    let loaded: LoadedDocument | undefined
    try {
      loaded = await loadDocument(source, this.#hooks.known())
    } catch (error) {
      if (!(error instanceof StateReadError) || isRefusal(error)) throw error
      this.#damage = error
    }
    const { identity, sha256 } = loaded?.image ?? (await readWhole(layout.document))
    const orphaned = loaded === undefined ? await this.#findOrphaned(sha256) : undefined
    const { tail, recovered } =
      orphaned === undefined
        ? await settle(log, sha256, loaded?.journal, this.#turn.record)
        : { tail: await log.tail(), recovered: undefined }
    this.#hooks.found(tail)
    if (recovered !== undefined) this.#hooks.onRecovered(recovered)
    let base: Base = { identity, sha256, tail, loaded, orphaned }
    const view = loaded?.journal
    const isStale = view !== undefined && view.count > 0 && entriesIn(view, sha256) === view.count
    if (view !== undefined && (!journalMode || isStale)) base = await checkpoint(this.#turn, base, journalMode)
    this.#keep(base)
    return base
  }

  /** Whether the document may come back or not: what was committed stays in the journal until something takes the document's place. */
  async #findOrphaned(sha256: string | null): Promise<JournalView | undefined> {
    const { log, journal } = this.#context
    const view = await journal.tryRead()
    return view !== undefined && isOrphaned(view, await log.tail(), sha256) ? view : undefined
  }

  #keep(base: Base): void {
    this.#base = base
    this.#hooks.remember(base)
  }

  /** The base of this turn, if nothing else happened since. */
  async #assertNewest(): Promise<Base> {
    const base = this.#base ?? (await this.#load())
    const { log, layout, journal } = this.#context
    const current = log.isCurrent(base.tail) ? base.tail : await log.tail()
    if (current.hash !== base.tail.hash) throw this.#refusal(current.token)
    const known = base.loaded?.journal
    if (base.loaded !== undefined) {
      const view = await journal.read(known)
      if (view !== known && !isSame(view, known)) {
        throw this.#refusal(view === undefined ? 0 : endOf(view).token)
      }
    }
    if (identify(layout.document) !== base.identity) throw this.#refusal(0)
    return current === base.tail ? base : { ...base, tail: current }
  }

  #refusal(newestToken: number): StateTransactionError {
    const path = this.#context.layout.document
    if (newestToken > this.token) return new StaleTokenError({ token: this.token, newestToken }, { path })
    return new StateTransactionError(
      `Refused to commit to '${path}': it was changed by another program during the transaction, which did not keep to the lock`,
      { path, hint: 'Run the transaction again, and change the document only under its lock' },
    )
  }
}
