import type { Job } from './commit-queue.js'
import type { JsonObject } from './json.js'
import type { CommitEntry, Committed, NoteEntry, StorageSession } from './storage.js'

/** Transactions that become durable together. Each is told about its own result, and not before that is durable. */
export class Batch {
  readonly #session: StorageSession
  #entries: CommitEntry[] = []
  #notes: NoteEntry[] = []
  #data: JsonObject | undefined
  #outcomes: ((last: Committed | undefined, failure: { readonly error: unknown } | undefined) => void)[] = []
  #flushing: Promise<void> = Promise.resolve()
  #failure: { readonly error: unknown } | undefined

  constructor(session: StorageSession) {
    this.#session = session
  }

  /** Transactions whose result waits for the next flush. */
  get size(): number {
    return this.#outcomes.length
  }

  /** A flush failed: what was built on it cannot be committed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  get failure(): unknown {
    return this.#failure?.error
  }

  add(job: Job, entry: CommitEntry, data: JsonObject): void {
    const index = this.#entries.push(entry)
    this.#data = data
    this.#outcomes.push((last, failure) => {
      if (failure !== undefined) job.fail(failure.error)
      else job.succeed(last && { ...last, seq: last.seq - (entries.length - index) }, data)
    })
    const entries = this.#entries
  }

  /** What it saw may be what is not durable yet, so it waits as well. */
  addUnchanged(job: Job, data: JsonObject): void {
    this.#outcomes.push((_, failure) => {
      if (failure !== undefined) job.fail(failure.error)
      else job.succeed(undefined, data)
    })
  }

  addFailed(job: Job, error: unknown): void {
    this.#outcomes.push(() => job.fail(error))
  }

  note(note: NoteEntry): void {
    this.#notes.push(note)
  }

  /** Makes durable what was added since the last flush, and tells everybody. Does not reject. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#flush())
    return this.#flushing
  }

  async #flush(): Promise<void> {
    const [entries, notes, outcomes, data] = [this.#entries, this.#notes, this.#outcomes, this.#data]
    this.#entries = []
    this.#notes = []
    this.#outcomes = []
    let committed: Committed | undefined
    try {
      if (this.#failure !== undefined) throw this.#failure.error
      if (entries.length > 0 && data !== undefined) committed = await this.#session.commit({ data, entries, notes })
      else if (notes.length > 0) await this.#session.note(notes)
    } catch (error) {
      this.#failure = { error }
    }
    for (const tell of outcomes) tell(committed, this.#failure)
  }
}
