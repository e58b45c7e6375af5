import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { JsonObject } from '@holdfast/txn-store'
import type { LedgerMap, RawEntry } from './entry.js'
import { CURRENT_SCHEMA_VERSION } from './ledger-document.js'
import type { LedgerChange, LedgerView } from './storage.js'

/** The tables as a view. Ids are compared as UTF-8 bytes, whose order is that of the code points. */
export class SqliteView implements LedgerView {
  readonly #one: StatementSync
  readonly #database: DatabaseSync
  readonly #count: StatementSync
  readonly #byInfohash: StatementSync
  readonly #put: StatementSync
  readonly #remove: StatementSync
  readonly #rest: StatementSync
  readonly #putRest: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#one = database.prepare('SELECT entry FROM entries WHERE map = ? AND id = ?')
    this.#count = database.prepare('SELECT count(*) AS count FROM entries WHERE map = ?')
    this.#byInfohash = database.prepare(
      `SELECT id FROM entries WHERE map = 'processed' AND infohash IS NOT NULL AND infohash = ? ORDER BY id`,
    )
    this.#put = database.prepare('INSERT OR REPLACE INTO entries (map, id, entry) VALUES (?, ?, ?)')
    this.#remove = database.prepare('DELETE FROM entries WHERE map = ? AND id = ?')
    this.#rest = database.prepare('SELECT key, value FROM rest ORDER BY key')
    this.#putRest = database.prepare('INSERT OR REPLACE INTO rest (key, value) VALUES (?, ?)')
  }

  get rest(): Readonly<JsonObject> {
    const pairs = this.#rest.all().map((row) => [String(row['key']), JSON.parse(String(row['value']))])
    return { ...Object.fromEntries(pairs), version: CURRENT_SCHEMA_VERSION }
  }

  get(map: LedgerMap, id: string): RawEntry | undefined {
    const row = this.#one.get(map, id)
    return row === undefined ? undefined : JSON.parse(String(row['entry']))
  }

  *entries(map: LedgerMap): Generator<readonly [string, RawEntry]> {
    // A statement of its own, since one statement cannot be in two iterations at once.
    const all = this.#database.prepare('SELECT id, entry FROM entries WHERE map = ? ORDER BY id')
    for (const row of all.iterate(map)) yield [String(row['id']), JSON.parse(String(row['entry']))]
  }

  count(map: LedgerMap): number {
    return Number(this.#count.get(map)?.['count'])
  }

  findByInfohash(infohash: string): string[] {
    return this.#byInfohash.all(infohash).map((row) => String(row['id']))
  }

  /** Within the transaction that is open. */
  apply({ map, id, entry }: LedgerChange): void {
    if (entry === undefined) this.#remove.run(map, id)
    else this.#put.run(map, id, JSON.stringify(entry))
  }

  setRest(key: string, value: JsonObject[string]): void {
    this.#putRest.run(key, JSON.stringify(value))
  }
}
