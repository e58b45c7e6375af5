import type { FhiclCursor } from './fhicl-cursor.js'
import type { FhiclEntry, FhiclProtection } from './fhicl-document.js'

const linearSearchLimit = 8

/**
 * The definitions of one table inside the document. A key that comes again replaces the value at its first place,
 * unless protection forbids it.
 */
export class EntryList {
  readonly list: FhiclEntry[] = []
  private readonly cursor: FhiclCursor
  private places: Map<string, number> | undefined

  constructor(cursor: FhiclCursor) {
    this.cursor = cursor
  }

  /** Adds a definition that began at `offset`. */
  add(entry: FhiclEntry, offset: number): void {
    const place = this.find(entry.key)
    const existing = place === -1 ? undefined : this.list[place]
    if (existing === undefined) {
      this.places?.set(entry.key, this.list.length)
      this.list.push(entry)
      return
    }
    const kept = existing.value.protection
    if (strength(entry.value.protection) > strength(kept)) {
      throw this.cursor.expected(
        `no stronger protection for "${entry.key}", which is defined above without it`,
        'Put the protection at the first definition',
        offset,
      )
    }
    if (kept === '@protect_error') {
      throw this.cursor.expected(
        `no second definition of "${entry.key}", which is defined above with @protect_error`,
        'Remove one of the two definitions',
        offset,
      )
    }
    if (kept === undefined) this.list[place] = entry
  }

  private find(key: string): number {
    if (this.places !== undefined) return this.places.get(key) ?? -1
    for (let place = 0; place < this.list.length; place++) if (this.list[place]?.key === key) return place
    if (this.list.length >= linearSearchLimit) {
      this.places = new Map(this.list.map((entry, index) => [entry.key, index]))
    }
    return -1
  }
}

function strength(protection: FhiclProtection | undefined): number {
  return protection === undefined ? 0 : protection === '@protect_ignore' ? 1 : 2
}
