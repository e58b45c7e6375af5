import { setTimeout as sleep } from 'node:timers/promises'

/** Wakes those who wait when something has changed in this process. */
export class WakeUp {
  readonly #waiting = new Set<() => void>()

  wake(): void {
    for (const resolve of this.#waiting) resolve()
  }

  /** Resolves at the next `wake`, or after as many milliseconds as `decide` says, which is asked once the ear is open: no wake is missed. */
  async wait(decide: () => Promise<number>, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    const over = new AbortController()
    const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
    this.#waiting.add(resolve)
    try {
      const ms = await decide()
      if (ms > 0) await Promise.race([woken, sleep(ms, undefined, { signal: either })])
    } finally {
      this.#waiting.delete(resolve)
      over.abort()
    }
  }
}
