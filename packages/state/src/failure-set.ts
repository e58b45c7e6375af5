/** The failed runs in memory. `sorted()` is the same array until a run is added or removed. */
export class FailureSet {
  readonly #runs: Set<number>
  #sorted: readonly number[] | undefined

  constructor(runs: Iterable<number>) {
    this.#runs = new Set(runs)
  }

  has(run: number): boolean {
    return this.#runs.has(run)
  }

  add(run: number): void {
    if (this.#runs.has(run)) return
    this.#runs.add(run)
    this.#sorted = undefined
  }

  delete(run: number): void {
    if (this.#runs.delete(run)) this.#sorted = undefined
  }

  sorted(): readonly number[] {
    this.#sorted ??= Object.freeze([...this.#runs].sort((a, b) => a - b))
    return this.#sorted
  }
}
