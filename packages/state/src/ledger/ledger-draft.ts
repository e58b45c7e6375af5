import type { JsonObject } from '@holdfast/txn-store'
import { compareCodePoints } from './code-points.js'
import { fieldOf, type LedgerMap, type RawEntry } from './entry.js'
import type { LedgerChange, LedgerView } from './storage.js'

/** A view with changes on it that are not committed yet. Costs what the changes cost, whatever the size of the ledger. */
export class LedgerDraft implements LedgerView {
  readonly #base: LedgerView
  readonly #changes: Readonly<Record<LedgerMap, Map<string, JsonObject | undefined>>> = {
    processed: new Map(),
    failed: new Map(),
  }

  constructor(base: LedgerView) {
    this.#base = base
  }

  get rest(): Readonly<JsonObject> {
    return this.#base.rest
  }

  get(map: LedgerMap, id: string): RawEntry | undefined {
    const changes = this.#changes[map]
    return changes.has(id) ? changes.get(id) : this.#base.get(map, id)
  }

  set(map: LedgerMap, id: string, entry: JsonObject): void {
    this.#changes[map].set(id, entry)
  }

  /** Whether it was there. */
  delete(map: LedgerMap, id: string): boolean {
    if (this.get(map, id) === undefined) return false
    this.#changes[map].set(id, undefined)
    return true
  }

  count(map: LedgerMap): number {
    let count = this.#base.count(map)
    for (const [id, entry] of this.#changes[map]) {
      const before = this.#base.get(map, id) === undefined ? 0 : 1
      count += (entry === undefined ? 0 : 1) - before
    }
    return count
  }

  *entries(map: LedgerMap): Generator<readonly [string, RawEntry]> {
    const changes = this.#changes[map]
    if (changes.size === 0) return yield* this.#base.entries(map)
    const added = [...changes.keys()].filter((id) => this.#base.get(map, id) === undefined).sort(compareCodePoints)
    for (const [id, entry] of this.#base.entries(map)) {
      while (added[0] !== undefined && compareCodePoints(added[0], id) < 0) yield* this.#own(map, added.shift())
      if (changes.has(id)) yield* this.#own(map, id)
      else yield [id, entry]
    }
    for (const id of added) yield* this.#own(map, id)
  }

  findByInfohash(infohash: string): string[] {
    const changes = this.#changes.processed
    const ids = this.#base.findByInfohash(infohash).filter((id) => !changes.has(id))
    for (const [id, entry] of changes) if (entry !== undefined && fieldOf(entry, 'infohash') === infohash) ids.push(id)
    return ids.sort(compareCodePoints)
  }

  /** Only what differs from the base in the end. */
  get changes(): LedgerChange[] {
    const changes: LedgerChange[] = []
    for (const map of ['processed', 'failed'] as const) {
      for (const [id, entry] of this.#changes[map]) {
        if (entry !== this.#base.get(map, id)) changes.push({ map, id, entry })
      }
    }
    return changes
  }

  /** Takes over what another draft, made on this one, has changed. */
  adopt(draft: LedgerDraft): void {
    for (const { map, id, entry } of draft.changes) this.#changes[map].set(id, entry)
  }

  *#own(map: LedgerMap, id: string | undefined): Generator<readonly [string, RawEntry]> {
    const entry = id === undefined ? undefined : this.#changes[map].get(id)
    if (id !== undefined && entry !== undefined) yield [id, entry]
  }
}
