import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { removeFile } from '@holdfast/atomic-file'
import { asLedgerError } from './sqlite-errors.js'
import { prepareDatabase } from './sqlite-schema.js'
import { SqliteView } from './sqlite-view.js'
import type { LedgerView } from './storage.js'

/** A database with everything that the view has, as the bytes of its file. */
export async function databaseBytes(view: LedgerView): Promise<Uint8Array> {
  const path = join(tmpdir(), `holdfast-${randomUUID()}.db`)
  try {
    const database = new DatabaseSync(path)
    try {
      prepareDatabase(database, path)
      fill(new SqliteView(database, path), database, view)
    } finally {
      // The last one to close brings what is in the write-ahead log into the file.
      database.close()
    }
    return await readFile(path)
  } catch (error) {
    throw asLedgerError(path, 'write', error)
  } finally {
    // What cannot be removed is in the way of nobody, and must not hide what went wrong before.
    await removeFile(path).catch(() => undefined)
  }
}

function fill(target: SqliteView, database: DatabaseSync, view: LedgerView): void {
  database.exec('BEGIN')
  for (const [key, value] of Object.entries(view.rest)) if (key !== 'version') target.setRest(key, value)
  for (const map of ['processed', 'failed'] as const) {
    for (const [id, entry] of view.entries(map)) target.apply({ map, id, entry: { ...entry } })
  }
  database.exec('COMMIT')
}
