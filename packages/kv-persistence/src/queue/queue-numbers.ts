/** How many items per millisecond have a number of that millisecond. */
export const PER_MS = 1024

/**
 * Numbers that say in which order items came, made from the store's clock, so that no counter has to be written first. Those of one queue object always
 * grow; two processes may hit upon the same number, which whoever uses it has to check.
 */
export class QueueNumbers {
  #last = 0

  /** The first of `count` numbers in a row. Exact until the year 2248. */
  take(count: number, nowMs: number): number {
    const first = Math.max(this.#last + 1, nowMs * PER_MS + Math.floor(Math.random() * PER_MS))
    this.#last = first + count - 1
    return first
  }
}
