/**
 * Owns `<path>` with `-wal` and `-shm`: one SQLite database, WAL, synchronous FULL. The source of truth is the database; SQLite repairs what a crash
 * leaves of its own files on the next open. Tables:
 *
 *   entries(key, version, expires_at, value)   expires_at in milliseconds of the store's clock, NULL never; value as in codec/value-codec.ts
 *   store(version, seen_ms, boot_id, monotonic_ms, time_ms)   one row: last version given out, latest time seen, and the clock's anchor
 *
 * `user_version` is the version of this layout.
 */
import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'

import type { ClockDeps } from '../driver/clock.js'
import { OpenFiles } from './open-files.js'
import { type ClockAnchor, chooseAnchor, StoreClock } from './store-clock.js'

/** 'HFKV', so that `file` and we can tell the database from others. */
const APPLICATION_ID = 0x48464b56
const LAYOUT_VERSION = 1
/** SQLite waits inside the call, which stops the process; longer waits are ours. */
const BUSY_MS = 20
/** Up to this size the whole file is looked through when it is opened. */
const CHECKED_BYTES = 16 << 20

export interface Statements {
  readonly begin: StatementSync
  readonly beginRead: StatementSync
  readonly commit: StatementSync
  readonly rollback: StatementSync
  readonly find: StatementSync
  readonly put: StatementSync
  readonly remove: StatementSync
  readonly touch: StatementSync
  readonly page: StatementSync
  readonly pageToEnd: StatementSync
  readonly readStore: StatementSync
  readonly writeStore: StatementSync
  readonly findExpired: StatementSync
  readonly removeExpired: StatementSync
  readonly giveBack: StatementSync
}

export interface Database {
  readonly path: string
  readonly clock: StoreClock
  readonly statements: Statements
  readonly files: OpenFiles
  close(): void
}

/** The file is not one of ours; it was not changed. */
export class ForeignDatabase extends Error {}
/** The file cannot be a database of ours any more. */
export class DamagedDatabase extends Error {}

/** Opens, and makes if need be; only under the gate. Throws what SQLite throws, ForeignDatabase, or DamagedDatabase. */
export function openDatabase(path: string, clock: ClockDeps): Database {
  refuseLostFile(path)
  const db = new DatabaseSync(path, { timeout: BUSY_MS })
  try {
    db.exec('PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF')
    if (isEmpty(db)) create(db, clock)
    refuseForeign(db)
    db.exec('PRAGMA journal_mode = WAL')
    lookThrough(db, path)
    const anchor = settleClock(db, clock)
    return {
      path,
      clock: new StoreClock(clock, anchor),
      statements: prepare(db),
      files: new OpenFiles(path),
      close: () => {
        db.close()
      },
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** SQLite takes a database of no bytes for a new one and deletes the log beside it, with all that was only there. */
function refuseLostFile(path: string): void {
  if (sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0)
    throw new DamagedDatabase('its file is empty, and its log is not')
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

/** Whatever its size: the first pragma of `create` already writes a page. */
function isEmpty(db: DatabaseSync): boolean {
  return pragma(db, 'application_id') === 0 && db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

/** Before there is a WAL, so that a process that is killed in here leaves a file that is still empty, also if the WAL is lost later. */
function create(db: DatabaseSync, clock: ClockDeps): void {
  db.exec('PRAGMA auto_vacuum = INCREMENTAL')
  db.exec(`
    BEGIN IMMEDIATE;
    CREATE TABLE entries (
      key TEXT NOT NULL PRIMARY KEY, version INTEGER NOT NULL, expires_at INTEGER, value ANY NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
    CREATE TABLE store (
      id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, seen_ms INTEGER NOT NULL,
      boot_id TEXT, monotonic_ms REAL NOT NULL, time_ms REAL NOT NULL
    ) STRICT;
    INSERT INTO store VALUES (1, ${Math.floor(clock.wallMs() * 1000)}, 0, NULL, 0, 0);
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${LAYOUT_VERSION};
    COMMIT;
  `)
}

function refuseForeign(db: DatabaseSync): void {
  if (pragma(db, 'application_id') !== APPLICATION_ID) throw new ForeignDatabase('it is not a key-value store')
  const version = pragma(db, 'user_version')
  if (version > LAYOUT_VERSION)
    throw new ForeignDatabase(`it was written by a newer version of this package (${version})`)
}

function lookThrough(db: DatabaseSync, path: string): void {
  if (sizeOf(path) > CHECKED_BYTES) return
  const [row] = db.prepare('PRAGMA quick_check(1)').all()
  const verdict = row === undefined ? 'no answer' : Object.values(row)[0]
  if (verdict !== 'ok') throw new DamagedDatabase(String(verdict))
}

function settleClock(db: DatabaseSync, clock: ClockDeps): ClockAnchor {
  const row = db.prepare('SELECT boot_id, monotonic_ms, time_ms, seen_ms FROM store').get()
  if (row === undefined) throw new DamagedDatabase('the row with its settings is missing')
  const stored: ClockAnchor = {
    bootId: typeof row['boot_id'] === 'string' ? row['boot_id'] : null,
    monotonicMs: Number(row['monotonic_ms']),
    timeMs: Number(row['time_ms']),
  }
  const anchor = chooseAnchor(clock, stored, Number(row['seen_ms']))
  if (anchor !== stored && anchor.bootId !== null) {
    db.prepare('UPDATE store SET boot_id = ?, monotonic_ms = ?, time_ms = ?').run(
      anchor.bootId,
      anchor.monotonicMs,
      anchor.timeMs,
    )
  }
  return anchor
}

function pragma(db: DatabaseSync, name: string): number {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0])
}

function prepare(db: DatabaseSync): Statements {
  const alive = '(expires_at IS NULL OR expires_at > ?)'
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    beginRead: db.prepare('BEGIN'),
    commit: db.prepare('COMMIT'),
    rollback: db.prepare('ROLLBACK'),
    find: db.prepare(`SELECT version, expires_at, value FROM entries WHERE key = ? AND ${alive}`),
    put: db.prepare(`
      INSERT INTO entries (key, version, expires_at, value) VALUES (?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET version = excluded.version, expires_at = excluded.expires_at, value = excluded.value
    `),
    remove: db.prepare('DELETE FROM entries WHERE key = ?'),
    touch: db.prepare('UPDATE entries SET expires_at = ? WHERE key = ?'),
    page: db.prepare(
      `SELECT key, version, value FROM entries WHERE key >= ? AND key < ? AND ${alive} ORDER BY key LIMIT ?`,
    ),
    pageToEnd: db.prepare(`SELECT key, version, value FROM entries WHERE key >= ? AND ${alive} ORDER BY key LIMIT ?`),
    readStore: db.prepare('SELECT version FROM store'),
    writeStore: db.prepare('UPDATE store SET version = ?, seen_ms = max(seen_ms, ?)'),
    findExpired: db.prepare('SELECT 1 FROM entries WHERE expires_at <= ? LIMIT 1'),
    removeExpired: db.prepare(`
      DELETE FROM entries WHERE key IN (SELECT key FROM entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
    `),
    giveBack: db.prepare('PRAGMA incremental_vacuum(256)'),
  }
}
