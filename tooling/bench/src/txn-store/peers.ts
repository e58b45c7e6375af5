/** What else people keep a JSON document with. None of these has a lock, a history and backups. */
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { writeFile as writeAtomically } from 'atomically'
import Conf from 'conf'
import { JSONFilePreset } from 'lowdb/node'

import { advance, type BenchDocument, toText } from './document.ts'
import type { Contender } from './in-turns.ts'

interface WriteFileAtomic {
  (path: string, data: Uint8Array): Promise<void>
  sync(path: string, data: Uint8Array): void
}

export const ASYNC_WRITE_FILE_ATOMIC = 'write-file-atomic'

/** Those that write files get bytes that are ready; the others change the document and make its text themselves. */
export async function openPeers(folder: string, document: BenchDocument, bytes: Uint8Array): Promise<Peers> {
  const npm: WriteFileAtomic = createRequire(import.meta.url)('write-file-atomic')
  const lowdb = await openLowdb(join(folder, 'lowdb.json'), document)
  const conf = openConf(join(folder, 'conf.json'), document)
  const sqlite = openSqlite(join(folder, 'sqlite.db'), document)
  const contenders: Contender[] = [
    { name: ASYNC_WRITE_FILE_ATOMIC, run: () => npm(join(folder, 'npm.json'), bytes) },
    { name: 'write-file-atomic sync', run: () => npm.sync(join(folder, 'npm-sync.json'), bytes) },
    { name: 'atomically', run: () => writeAtomically(join(folder, 'atomically.json'), bytes) },
    { name: 'conf (one field)', run: conf },
    { name: 'lowdb (syncs nothing)', run: lowdb },
    { name: 'node:sqlite, one row, WAL, FULL', run: sqlite.run },
  ]
  return { contenders, close: sqlite.close }
}

export interface Peers {
  readonly contenders: readonly Contender[]
  readonly close: () => void
}

async function openLowdb(path: string, document: BenchDocument): Promise<() => Promise<void>> {
  const database = await JSONFilePreset(path, structuredClone(document))
  return () => database.update(advance)
}

function openConf(path: string, document: BenchDocument): () => void {
  writeFileSync(path, toText(document))
  const conf = new Conf<Record<string, unknown>>({ cwd: dirname(path), configName: basename(path, '.json') })
  let updates = 0
  return () => conf.set('updates', ++updates)
}

function openSqlite(path: string, document: BenchDocument): { run: () => void; close: () => void } {
  const database = new DatabaseSync(path)
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE state (id INTEGER PRIMARY KEY, json TEXT)',
  )
  const mine = structuredClone(document)
  database.prepare('INSERT INTO state VALUES (1, ?)').run(JSON.stringify(mine))
  const update = database.prepare('UPDATE state SET json = ? WHERE id = 1')
  return {
    run: () => {
      advance(mine)
      update.run(JSON.stringify(mine))
    },
    close: () => database.close(),
  }
}
