import { fork } from 'node:child_process'
import { rmSync, truncateSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  type DocumentStorage,
  type JsonObject,
  openFileStorage,
  type StorageOptions,
  TxnStore,
} from '@holdfast/txn-store'
import type { StorageHarness } from '@holdfast/txn-store/conformance'
import { FullDisk, type RefusedStep } from './full-disk.ts'
import { makePlace, removePlace } from './places.ts'

const SERVER = fileURLToPath(new URL('../fixtures/serve-file-storage.mjs', import.meta.url))

interface Place {
  readonly path: string
  readonly disk: FullDisk
}

export interface FileHarnessOptions {
  readonly options: StorageOptions
  readonly refused: RefusedStep
  /** What is done to each storage after it is opened, here and, by this name, in other processes. */
  readonly flaw?: { readonly name: string; readonly spoil: (storage: DocumentStorage) => DocumentStorage } | undefined
}

/** How the checks get at documents in files. */
export function fileHarness({ options, refused, flaw }: FileHarnessOptions): StorageHarness<Place> {
  return {
    createPlace: async () => ({ path: makePlace('state.json'), disk: new FullDisk(refused) }),
    removePlace: async ({ path }) => removePlace(path),
    open: async ({ path, disk }) => {
      const storage = await openFileStorage(path, options, {}, { fs: disk.fs })
      return flaw === undefined ? storage : flaw.spoil(storage)
    },
    readBackup: ({ path }, backup) => readBackup(path, backup, options),
    commitBackups: options.journal !== true,
    damage: ({ path }) => damage(path, options),
    failWrites: async ({ disk }, failing) => {
      disk.isFull = failing
    },
    takeTurnAway: async ({ path }) => rmSync(`${path}.lock`),
    startProcess: ({ path }) => fork(SERVER, [path, toText(options), ...(flaw === undefined ? [] : [flaw.name])]),
  }
}

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

function toText({ encryption, ...options }: StorageOptions): string {
  const key = encryption?.key
  return JSON.stringify(key === undefined ? options : { ...options, key: Buffer.from(key).toString('hex') })
}
