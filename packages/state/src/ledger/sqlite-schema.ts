import type { DatabaseSync } from 'node:sqlite'
import { LedgerVersionError, StateCorruptionError } from '../errors.js'
import { CURRENT_SCHEMA_VERSION } from './ledger-document.js'

/** Marks the database as a ledger: "hfLR". */
const APPLICATION_ID = 0x68664c52

/**
 * Makes a new database a ledger, and checks that one that has content is one. `user_version` is the schema's version.
 *
 * @throws LedgerVersionError, StateCorruptionError
 */
export function prepareDatabase(database: DatabaseSync, path: string): void {
  const id = pragma(database, 'application_id')
  const version = pragma(database, 'user_version')
  if (id === APPLICATION_ID && version > CURRENT_SCHEMA_VERSION) {
    throw new LedgerVersionError(path, version, CURRENT_SCHEMA_VERSION)
  }
  database.exec('PRAGMA synchronous = FULL')
  if (id === APPLICATION_ID && version === CURRENT_SCHEMA_VERSION) return
  if (pragma(database, 'schema_version') !== 0) {
    throw new StateCorruptionError({
      path,
      reason: 'it is an SQLite database, but not a ledger',
      bytesPath: path,
      hint: 'Name the file of a ledger, or one that does not exist yet',
    })
  }
  database.exec('PRAGMA journal_mode = WAL')
  // Two programs may make it at the same time.
  database.exec(`BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS entries (
  map TEXT NOT NULL CHECK (map IN ('processed', 'failed')),
  id TEXT NOT NULL,
  entry TEXT NOT NULL,
  infohash TEXT AS (entry ->> '$.infohash') VIRTUAL,
  PRIMARY KEY (map, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_infohash ON entries (infohash) WHERE map = 'processed' AND infohash IS NOT NULL;
CREATE TABLE IF NOT EXISTS rest (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${CURRENT_SCHEMA_VERSION};
COMMIT;`)
}

function pragma(database: DatabaseSync, name: string): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name])
}
