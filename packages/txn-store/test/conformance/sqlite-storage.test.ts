import { fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { storageConformanceChecks } from '@holdfast/txn-store/conformance'
import { describe, test } from 'vitest'
import { makePlace, removePlace } from './places.ts'
import { SqliteStorage } from './sqlite-storage.ts'

const SERVER = fileURLToPath(new URL('../fixtures/serve-sqlite-storage.mjs', import.meta.url))

describe.concurrent('SqliteStorage conforms:', () => {
  const checks = storageConformanceChecks<string>({
    createPlace: async () => makePlace('state.db'),
    removePlace: async (path) => removePlace(path),
    open: async (path) => new SqliteStorage(path),
    readBackup: async (path, backup) => {
      const storage = new SqliteStorage(path)
      try {
        return storage.readBackup(backup)
      } finally {
        await storage.close()
      }
    },
    damage: async (path) => execute(path, 'UPDATE document SET data = substr(data, 1, length(data) / 2)'),
    // In the middle of a commit: the document is changed, the history is not.
    failWrites: async (path, failing) =>
      execute(
        path,
        failing
          ? `CREATE TRIGGER full BEFORE INSERT ON history BEGIN SELECT RAISE(ABORT, 'disk full'); END`
          : 'DROP TRIGGER full',
      ),
    takeTurnAway: async (path) => rmSync(`${path}.lock`),
    startProcess: (path) => fork(SERVER, [path]),
  })
  for (const { name, run } of checks) test(name, run)
})

function execute(path: string, sql: string): void {
  const database = new DatabaseSync(path, { timeout: 5000 })
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
}
