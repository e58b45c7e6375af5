import { resolve } from 'node:path'
import type { StateDeps } from '../file-io.js'
import { ObjectView } from './object-view.js'
import { type PlainFile, tryReadPlainFile } from './plain-file.js'
import type { LedgerSession, LedgerStorage, LedgerView } from './storage.js'

/** Reads the file alone as long as it is all there is, and opens the storage with all that belongs to it when that is no longer so. */
export class ReadingStorage implements LedgerStorage {
  readonly #path: string
  readonly #openWhole: () => Promise<LedgerStorage>
  /** What injected faults are for is not called here. */
  readonly #mayReadPlain: boolean
  #plain: PlainFile | undefined
  #whole: Promise<LedgerStorage> | undefined
  #opened: LedgerStorage | undefined

  constructor(path: string, openWhole: () => Promise<LedgerStorage>, deps: StateDeps) {
    this.#path = resolve(path)
    this.#openWhole = openWhole
    this.#mayReadPlain = deps.fs === undefined
  }

  get path(): string {
    return this.#opened?.path ?? this.#plain?.path ?? this.#path
  }

  get kind(): string {
    return this.#opened?.kind ?? 'json'
  }

  async read<R>(work: (view: LedgerView) => R): Promise<R> {
    if (this.#whole === undefined && this.#mayReadPlain) this.#plain = tryReadPlainFile(this.#path, this.#plain)
    if (this.#plain !== undefined) return work(new ObjectView(this.#plain.document))
    return (await this.#open()).read(work)
  }

  acquire(): Promise<LedgerSession> {
    return Promise.reject(new Error(`The ledger '${this.path}' was opened for reading`))
  }

  async close(): Promise<void> {
    await (await this.#whole)?.close()
  }

  #open(): Promise<LedgerStorage> {
    this.#whole ??= this.#openWhole().then(
      (storage) => {
        this.#opened = storage
        return storage
      },
      (error) => {
        // What the system refuses now it may grant later.
        this.#whole = undefined
        throw error
      },
    )
    return this.#whole
  }
}
