import { fork } from 'node:child_process'
import { rmSync, truncateSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type JsonObject, openFileStorage, type StorageOptions, TxnStore } from '@holdfast/txn-store'
import { storageConformanceChecks } from '@holdfast/txn-store/conformance'
import { describe, test } from 'vitest'
import { FullDisk, type RefusedStep } from './full-disk.ts'
import { makePlace, removePlace } from './places.ts'

const SERVER = fileURLToPath(new URL('../fixtures/serve-file-storage.mjs', import.meta.url))
const KEY = Buffer.alloc(32, 7)

interface Mode {
  readonly name: string
  readonly options: StorageOptions
  readonly refused: RefusedStep
}

const MODES: readonly Mode[] = [
  { name: 'snapshots', options: {}, refused: 'rename' },
  { name: 'a journal', options: { journal: true }, refused: 'write' },
  { name: 'encryption', options: { encryption: { key: KEY } }, refused: 'write' },
  { name: 'encryption and a journal', options: { journal: true, encryption: { key: KEY } }, refused: 'write' },
  {
    name: 'compressed backups',
    options: { compressBackups: { algorithm: 'zstd', keepPlain: 1 } },
    refused: 'rename',
  },
]

interface Place {
  readonly path: string
  readonly disk: FullDisk
}

describe.concurrent.each(MODES)('FileStorage with $name conforms:', ({ options, refused }) => {
  const checks = storageConformanceChecks<Place>({
    createPlace: async () => ({ path: makePlace('state.json'), disk: new FullDisk(refused) }),
    removePlace: async ({ path }) => removePlace(path),
    open: ({ path, disk }) => openFileStorage(path, options, {}, { fs: disk.fs }),
    readBackup: ({ path }, backup) => readBackup(path, backup, options),
    commitBackups: options.journal !== true,
    damage: ({ path }) => damage(path, options),
    failWrites: async ({ disk }, failing) => {
      disk.isFull = failing
    },
    takeTurnAway: async ({ path }) => rmSync(`${path}.lock`),
    startProcess: ({ path }) => fork(SERVER, [path, JSON.stringify({ ...options, ...portable(options) })]),
  })
  for (const { name, run } of checks) test(name, run)
})

/** With a journal the readable file comes with the first checkpoint. */
async function damage(path: string, options: StorageOptions): Promise<void> {
  const store = new TxnStore(path, options)
  await store.checkpoint()
  await store.close()
  truncateSync(path, 10)
}

/** Also one that was compressed since. */
async function readBackup(path: string, backup: string, options: StorageOptions): Promise<JsonObject> {
  await using store = new TxnStore(path, options)
  const kept = (await store.listBackups({ limit: 100 })).find((listed) => listed.startsWith(backup))
  return store.readBackup(kept ?? backup)
}

/** The options as text, for another process. */
function portable({ encryption }: StorageOptions): object {
  return encryption === undefined ? {} : { encryption: undefined, key: KEY.toString('hex') }
}
