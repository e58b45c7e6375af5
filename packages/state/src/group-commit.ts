/**
 * Lets changes that happen while a commit is under way share the next one: at most one commit runs at a time, and each caller is told about the
 * commit that began after its change.
 */
export class GroupCommit {
  readonly #commit: () => Promise<void>
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | undefined

  constructor(commit: () => Promise<void>) {
    this.#commit = commit
  }

  /** Resolves or rejects with the commit that takes everything changed before this call. */
  request(): Promise<void> {
    this.#next ??= this.#startAfter(this.#running)
    return this.#next
  }

  /** Resolves when no commit is under way or waiting, however those ended. */
  async idle(): Promise<void> {
    while (this.#next !== undefined) await this.#next.catch(() => undefined)
    await this.#running.catch(() => undefined)
  }

  async #startAfter(previous: Promise<void>): Promise<void> {
    await previous.catch(() => undefined)
    this.#running = this.#next ?? Promise.resolve()
    this.#next = undefined
    await this.#commit()
  }
}
