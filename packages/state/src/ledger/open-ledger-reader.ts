import { processWarnings } from '../logger.js'
import type { LedgerDeps, LedgerOptions } from './ledger-options.js'
import { LedgerReader } from './ledger-reader.js'
import { ReadingStorage } from './reading-storage.js'
import type { LedgerStorage } from './storage.js'

export type LedgerReaderOptions = Pick<LedgerOptions, 'logger'>

/** A ledger that is only read; what is asked of it is answered with the newest committed state. */
export class OpenedLedgerReader extends LedgerReader implements AsyncDisposable {
  constructor(storage: LedgerStorage, deps: LedgerDeps) {
    super(storage, deps)
  }

  async close(): Promise<void> {
    await this.storage.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/**
 * Opens a ledger for reading, with the answers and errors of `ReleaseLedger.open` with `readOnly`, for programs that live shortly: of the package it loads,
 * and of the files it looks at, only what that takes. A database, a journal or damage takes as long as it does there. Changes nothing on disk.
 *
 * @throws StateCorruptionError, LedgerVersionError, StateReadError
 * @example await using ledger = await openLedgerReader('processed.json')
 */
export async function openLedgerReader(
  path: string,
  { logger = processWarnings }: LedgerReaderOptions = {},
  deps: LedgerDeps = {},
): Promise<OpenedLedgerReader> {
  if (path === '') throw new TypeError('The path of a ledger must not be empty')
  const openWhole = async (): Promise<LedgerStorage> => {
    const { findStorageKind, openLedgerStorage } = await import('./open-ledger-storage.js')
    const options = { readOnly: true, maxBackups: 5, label: undefined, lockTimeoutMs: 0, logger }
    return openLedgerStorage(path, await findStorageKind(path), options, deps)
  }
  const storage = new ReadingStorage(path, openWhole, deps)
  try {
    await storage.read(() => undefined)
  } catch (error) {
    // What could not be opened has nothing to close.
    await storage.close().catch(() => undefined)
    throw error
  }
  return new OpenedLedgerReader(storage, deps)
}
