/** Lets work through one after the other, in the order of the calls. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** @throws the signal's reason when it is aborted before the work's turn. */
  run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const result = this.#last.then(() => {
      signal?.throwIfAborted()
      return work()
    })
    this.#last = result.catch(() => undefined)
    return result
  }
}
