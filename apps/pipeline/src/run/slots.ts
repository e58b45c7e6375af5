/** What everything that runs takes one of; not a name that a definition can have. */
export const JOB = '*'

/** Hands out limited resources in the order of asking; one that has to wait for much does not hold up another that needs little. */
export class Slots {
  /** How many can run at the same time at most. */
  readonly jobs: number
  readonly #free: Map<string, number>
  readonly #waiting: { readonly needs: readonly (readonly [string, number])[]; readonly start: () => void }[] = []

  constructor(capacities: Readonly<Record<string, number>>) {
    this.#free = new Map(Object.entries(capacities))
    this.jobs = this.#freeOf(JOB)
  }

  /** Runs the work when all that it needs is free. @throws the signal's reason when that aborts before */
  async use<T>(needs: Readonly<Record<string, number>>, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const entries = Object.entries(needs)
    await this.#acquire(entries, signal)
    try {
      signal.throwIfAborted()
      return await work()
    } finally {
      for (const [name, count] of entries) this.#free.set(name, this.#freeOf(name) + count)
      this.#startNext()
    }
  }

  async #acquire(needs: readonly (readonly [string, number])[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#waiting.length === 0 && this.#take(needs)) return
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting = { needs, start: resolve }
    const onAbort = (): void => {
      const index = this.#waiting.indexOf(waiting)
      if (index === -1) return
      this.#waiting.splice(index, 1)
      reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    this.#waiting.push(waiting)
    this.#startNext()
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  #startNext(): void {
    for (let index = 0; index < this.#waiting.length && this.#freeOf(JOB) > 0; ) {
      const waiting = this.#waiting[index]
      if (waiting === undefined || !this.#take(waiting.needs)) {
        index += 1
        continue
      }
      this.#waiting.splice(index, 1)
      waiting.start()
    }
  }

  #take(needs: readonly (readonly [string, number])[]): boolean {
    if (needs.some(([name, count]) => this.#freeOf(name) < count)) return false
    for (const [name, count] of needs) this.#free.set(name, this.#freeOf(name) - count)
    return true
  }

  #freeOf(name: string): number {
    return this.#free.get(name) ?? 0
  }
}
