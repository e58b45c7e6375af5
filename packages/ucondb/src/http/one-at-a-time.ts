/** Lets work through one after the other, in the order of the calls. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve()

  /** @throws the signal's reason as soon as it is aborted before the work's turn; from then on stopping is the work's affair. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { promise: givenUp, reject } = Promise.withResolvers<never>()
    const onAbort = (): void => reject(signal?.reason)
    const result = this.#last.then(() => {
      signal?.removeEventListener('abort', onAbort)
      signal?.throwIfAborted()
      return work()
    })
    this.#last = result.catch(() => undefined)
    signal?.addEventListener('abort', onAbort, { once: true })
    return Promise.race([result, givenUp])
  }
}
