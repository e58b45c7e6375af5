/**
 * What is beside a ledger that is about to be replaced: a write-ahead log or a journal that is left there would be taken for that of the next one, and a
 * program that has it open would go on writing into a file that is gone.
 */
import { existsSync, realpathSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { LedgerDeps } from './ledger-options.js'
import { findStorageKind, openLedgerStorage } from './open-ledger-storage.js'
import { journalOf } from './plain-file.js'

/** Brings what waits in a journal into its file, so that the copy that is kept has it. Takes the lock of the ledger for a moment. */
export async function settleJournal(path: string, deps: LedgerDeps): Promise<void> {
  if (!hasJournal(path)) return
  const options = { readOnly: false, maxBackups: 5, label: undefined, lockTimeoutMs: 1000, logger: SILENT }
  await (await openLedgerStorage(path, 'journal', options, deps)).close()
}

/** To be called under the lock of the ledger. @throws Error when it is in use, or its journal cannot be read */
export async function assertSettled(path: string): Promise<void> {
  if (hasJournal(path))
    throw new Error(`changes wait in the journal '${journalBeside(path)}', which cannot be brought into it`)
  const hasLog = existsSync(`${path}-wal`)
  if (!existsSync(path) || (!hasLog && (await findStorageKind(path)) !== 'sqlite')) return
  const database = new DatabaseSync(path, { timeout: 1000 })
  try {
    // To leave this mode, SQLite has to be alone with the database, and empties the log.
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA journal_mode = WAL')
  } catch (error) {
    const isBusy = (error as { readonly errcode?: unknown }).errcode === 5
    if (isBusy) throw new Error(`'${path}' is in use by another program`, { cause: error })
    // What is damaged may be replaced all the more.
    if (hasLog) throw error
  } finally {
    database.close()
  }
}

/** Also of a ledger that is nothing but a journal yet. */
export function hasJournal(path: string): boolean {
  return existsSync(journalBeside(path))
}

function journalBeside(path: string): string {
  return journalOf(existsSync(path) ? realpathSync(path) : path)
}

const SILENT = { info() {}, warn() {}, error() {} }
