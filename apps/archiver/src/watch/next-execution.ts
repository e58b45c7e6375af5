import type { Execution } from '../execution.js'

const FIRST_PAUSE_MS = 15_000

/** When the next execution is due, by what came of the last ones. */
export class NextExecution {
  #outages = 0

  /** After how many milliseconds; `execution` is absent when it could not even begin. */
  after(execution: Execution | undefined, intervalMs: number): number {
    if (execution === undefined || execution.isStoreUnavailable === true) {
      this.#outages += 1
      // Sooner than the interval at first, and never more often than is good for a store in trouble.
      return Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** (this.#outages - 1))
    }
    this.#outages = 0
    return execution.hasMore === true ? 0 : intervalMs
  }
}
