interface Expiry {
  readonly atMs: number
  readonly key: string
}

/** Keys by the time they expire, soonest first: a binary heap. A key may be in it several times; its owner knows which time counts. */
export class ExpiryQueue {
  #heap: Expiry[] = []

  get size(): number {
    return this.#heap.length
  }

  get nextMs(): number {
    return this.#heap[0]?.atMs ?? Number.POSITIVE_INFINITY
  }

  push(atMs: number, key: string): void {
    const heap = this.#heap
    let index = heap.length
    const entry = { atMs, key }
    heap.push(entry)
    while (index > 0) {
      const parent = (index - 1) >>> 1
      const above = heap[parent]
      if (above === undefined || above.atMs <= atMs) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  /** Takes the soonest one if its time has come. */
  popDue(nowMs: number): Expiry | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.atMs > nowMs) return undefined
    const last = this.#heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first
  }

  /** Starts over with these. */
  rebuild(entries: Iterable<Expiry>): void {
    this.#heap = [...entries].sort((a, b) => a.atMs - b.atMs)
  }

  #sink(entry: Expiry): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      const [left, right] = [heap[child], heap[child + 1]]
      if (left !== undefined && right !== undefined && right.atMs < left.atMs) child += 1
      const below = heap[child]
      if (below === undefined || below.atMs >= entry.atMs) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}
