import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { removeFile } from '@holdfast/atomic-file'
import { prepareDatabase } from './sqlite-schema.js'
import { SqliteView } from './sqlite-view.js'
import { pathExists } from './staleness.js'
import type { LedgerView } from './storage.js'

/** A database with everything that the view has, as the bytes of its file. */
export async function databaseBytes(view: LedgerView): Promise<Uint8Array> {
  const path = join(tmpdir(), `holdfast-${randomUUID()}.db`)
  try {
    const database = new DatabaseSync(path)
    try {
      prepareDatabase(database, path)
      fill(database, view)
    } finally {
      // The last one to close brings what is in the write-ahead log into the file.
      database.close()
    }
    return await readFile(path)
  } finally {
    await removeFile(path)
  }
}

/** Brings what is in the write-ahead log of a database into its file: a log without its database would be taken for that of the next one. */
export function settleDatabase(path: string): void {
  if (!pathExists(`${path}-wal`)) return
  const database = new DatabaseSync(path, { timeout: 1000 })
  const [result] = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all()
  database.close()
  if (result?.['busy'] !== 0) throw new Error(`'${path}' is in use by another program`)
}

function fill(database: DatabaseSync, view: LedgerView): void {
  const target = new SqliteView(database)
  database.exec('BEGIN')
  for (const [key, value] of Object.entries(view.rest)) if (key !== 'version') target.setRest(key, value)
  for (const map of ['processed', 'failed'] as const) {
    for (const [id, entry] of view.entries(map)) target.apply({ map, id, entry: { ...entry } })
  }
  database.exec('COMMIT')
}
