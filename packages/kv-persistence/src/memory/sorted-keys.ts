import { compareKeys } from './compare-keys.js'

/**
 * The keys of a map in order, sorted only when somebody asks: `add` and `remove` cost nothing, a look merges what came since the last one. Removed
 * keys stay in the list until they are many; the map says which still are there.
 */
export class SortedKeys {
  readonly #has: (key: string) => boolean
  #sorted: string[] = []
  #added: Set<string> = new Set()
  #removed = 0

  constructor(has: (key: string) => boolean) {
    this.#has = has
  }

  add(key: string): void {
    this.#added.add(key)
  }

  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed += 1
  }

  /** At most `limit` keys from `start` up to, without, `end`. */
  slice(start: string, end: string | undefined, limit: number): string[] {
    this.#merge()
    const keys: string[] = []
    for (let index = this.#indexOf(start); index < this.#sorted.length && keys.length < limit; index += 1) {
      const key = this.#sorted[index]
      if (key === undefined || (end !== undefined && compareKeys(key, end) >= 0)) break
      if (this.#has(key)) keys.push(key)
    }
    return keys
  }

  #merge(): void {
    if (this.#added.size === 0 && this.#removed * 2 < this.#sorted.length) return
    const added = [...this.#added].sort(compareKeys)
    this.#added = new Set()
    // A few new keys are put in place; many are worth a merge of both lists, which also drops what was removed.
    if (added.length * 64 < this.#sorted.length && this.#removed * 2 < this.#sorted.length) {
      for (const key of added) this.#insert(key)
    } else {
      this.#sorted = mergeLists(this.#sorted.filter(this.#has), added)
      this.#removed = 0
    }
  }

  #insert(key: string): void {
    const index = this.#indexOf(key)
    // It is there already if it was removed and put again.
    if (this.#sorted[index] === key) this.#removed -= 1
    else this.#sorted.splice(index, 0, key)
  }

  /** The first place whose key is not before `key`. */
  #indexOf(key: string): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#sorted[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

function mergeLists(a: readonly string[], b: readonly string[]): string[] {
  const merged: string[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]]
    const order = x === undefined ? 1 : y === undefined ? -1 : compareKeys(x, y)
    if (order <= 0) i += 1
    if (order >= 0) j += 1
    const next = order <= 0 ? x : y
    if (next !== undefined) merged.push(next)
  }
  return merged
}
