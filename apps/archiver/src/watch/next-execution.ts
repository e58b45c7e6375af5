import type { Execution } from '../execution.js'

export interface WatchOptions {
  /** From the end of an execution that found no more to do to the next one. */
  readonly intervalMs: number
  /** How long nothing must change in a new run folder before it is taken. */
  readonly settleMs: number
}

const FIRST_PAUSE_MS = 15_000

/** When the next execution is due, by what came of the last ones. */
export class NextExecution {
  #outages = 0

  /** After how many milliseconds; `execution` is absent when it could not even begin. */
  after(execution: Execution | undefined, { intervalMs, settleMs }: WatchOptions): number {
    if (execution === undefined || execution.isStoreUnavailable === true) {
      this.#outages += 1
      // Sooner than the interval at first, and never more often than is good for a store in trouble.
      return Math.min(intervalMs, FIRST_PAUSE_MS * 2 ** (this.#outages - 1))
    }
    this.#outages = 0
    if (execution.isSettling === true) return Math.min(intervalMs, settleMs)
    return execution.hasMore === true ? 0 : intervalMs
  }
}
