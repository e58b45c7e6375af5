import type { JsonObject } from '@holdfast/txn-store'
import { compareCodePoints } from './code-points.js'
import { fieldOf, type LedgerMap, type RawEntry } from './entry.js'
import type { LedgerDocument } from './ledger-document.js'
import type { LedgerView } from './storage.js'

/** A view of a document that is whole in memory. */
export class ObjectView implements LedgerView {
  readonly #document: LedgerDocument

  constructor(document: LedgerDocument) {
    this.#document = document
  }

  get rest(): Readonly<JsonObject> {
    const { processed: _processed, failed: _failed, ...rest } = this.#document
    return rest
  }

  get(map: LedgerMap, id: string): RawEntry | undefined {
    const entries = this.#document[map]
    return Object.hasOwn(entries, id) ? entries[id] : undefined
  }

  *entries(map: LedgerMap): Generator<readonly [string, RawEntry]> {
    const entries = this.#document[map]
    for (const id of Object.keys(entries).sort(compareCodePoints)) {
      const entry = entries[id]
      if (entry !== undefined) yield [id, entry]
    }
  }

  count(map: LedgerMap): number {
    return Object.keys(this.#document[map]).length
  }

  findByInfohash(infohash: string): string[] {
    const ids: string[] = []
    for (const [id, entry] of this.entries('processed')) if (fieldOf(entry, 'infohash') === infohash) ids.push(id)
    return ids
  }
}
