/** So many places for work at one time. */
export class Slots {
  #free: number
  readonly #waiting: Set<() => void> = new Set()

  constructor(count: number) {
    this.#free = count
  }

  /** Waits for one place at least, and takes up to `most`. Rejects with the signal's reason. */
  async take(most: number, signal: AbortSignal): Promise<number> {
    while (this.#free < 1) {
      signal.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.add(resolve)
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', onAbort)
        this.#waiting.delete(resolve)
      }
    }
    const taken = Math.min(most, this.#free)
    this.#free -= taken
    return taken
  }

  /** For one that was taken: gives it back once, however often it is asked to. */
  lend(): { readonly giveBack: () => void } {
    let isOut = true
    return {
      giveBack: () => {
        if (isOut) this.give(1)
        isOut = false
      },
    }
  }

  give(count: number): void {
    this.#free += count
    if (this.#free > 0) for (const resolve of this.#waiting) resolve()
  }
}
