import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { StateReadError } from '../errors.js'
import type { StateDeps } from '../file-io.js'
import { JsonStorage, type JsonStorageOptions } from './json-storage.js'
import { SqliteStorage } from './sqlite-storage.js'
import type { LedgerStorage } from './storage.js'

/**
 * `json`: one file that the Python original can share. `journal`: the same file, changed by a journal beside it, so that a change costs the same whatever the
 * size; not to be shared with programs that do not know the journal. `sqlite`: an SQLite database.
 */
export type LedgerStorageKind = 'json' | 'journal' | 'sqlite'

/** What is in the file decides; for a new one its ending: `.db`, `.sqlite` and `.sqlite3` are SQLite. @throws StateReadError */
export async function findStorageKind(path: string): Promise<'json' | 'sqlite'> {
  const begin = await readBegin(path)
  if (begin !== undefined && begin.length > 0) return begin === SQLITE_HEADER ? 'sqlite' : 'json'
  return SQLITE_ENDINGS.has(extname(path).toLowerCase()) ? 'sqlite' : 'json'
}

export function openLedgerStorage(
  path: string,
  kind: LedgerStorageKind,
  options: Omit<JsonStorageOptions, 'journal'>,
  deps: StateDeps,
): Promise<LedgerStorage> {
  if (kind === 'sqlite') return SqliteStorage.open(path, options, deps)
  return JsonStorage.open(path, { ...options, journal: kind === 'journal' }, deps)
}

const SQLITE_HEADER = 'SQLite format 3\0'
export const SQLITE_ENDINGS: ReadonlySet<string> = new Set(['.db', '.sqlite', '.sqlite3'])

async function readBegin(path: string): Promise<string | undefined> {
  try {
    const chunks: Buffer[] = []
    for await (const chunk of createReadStream(path, { end: SQLITE_HEADER.length - 1 })) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('latin1')
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new StateReadError(path, error)
  }
}
