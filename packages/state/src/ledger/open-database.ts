import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/**
 * Opens a database so that looking at it changes none of its files; a file that is missing or has nothing in it yet is read as an empty database.
 *
 * What is in the write-ahead log stays there: a connection that could write would bring it into the file when it is closed. Without a log, SQLite makes one
 * for the time it reads; where it may not, it is told that nobody else changes the file.
 */
export function openDatabaseForReading(path: string, timeoutMs: number): DatabaseSync {
  const hasLog = sizeOf(`${path}-wal`) > 0
  if (sizeOf(path) === 0 && !hasLog) return new DatabaseSync(':memory:')
  const database = hasLog
    ? new DatabaseSync(path, { readOnly: true, timeout: timeoutMs })
    : new DatabaseSync(canChange(path) ? path : asUnchanging(path), { timeout: timeoutMs })
  try {
    if (database.prepare('PRAGMA schema_version').get()?.['schema_version'] !== 0) return database
  } catch (error) {
    database.close()
    throw error
  }
  // Its maker was killed before there was a table.
  database.close()
  return new DatabaseSync(':memory:')
}

function asUnchanging(path: string): URL {
  const url = pathToFileURL(path)
  url.search = '?immutable=1&mode=ro'
  return url
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function canChange(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    accessSync(dirname(path), constants.W_OK)
    return true
  } catch {
    return false
  }
}
