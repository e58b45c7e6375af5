import { extname } from 'node:path'
import { errorCode, writeFileAtomic } from '@holdfast/atomic-file'
import { LedgerExistsError, StateWriteError } from '../errors.js'
import { processWarnings, type StateLogger } from '../logger.js'
import type { LedgerDeps } from './ledger-options.js'
import { databaseBytes, settleDatabase } from './make-database.js'
import { findStorageKind, type LedgerStorageKind, openLedgerStorage, SQLITE_ENDINGS } from './open-ledger-storage.js'
import { toJsonText } from './serialize.js'
import { takeLedgerLock } from './sqlite-storage.js'
import { pathExists } from './staleness.js'

export interface ConvertOptions {
  /** What to make. @default by the name: `sqlite` for .db, .sqlite and .sqlite3, else `json` */
  readonly to?: 'json' | 'sqlite' | undefined
  /** What the source is. @default what is found in it */
  readonly from?: LedgerStorageKind | undefined
  /** Replace what is at the target. @default false */
  readonly overwrite?: boolean | undefined
  /** How long to wait for programs that are changing the source, in milliseconds. @default 10_000 */
  readonly lockTimeoutMs?: number | undefined
  /** Only count. @default false */
  readonly dryRun?: boolean | undefined
  /** @default process warnings */
  readonly logger?: StateLogger | undefined
}

export interface ConvertResult {
  readonly from: string
  readonly to: 'json' | 'sqlite'
  readonly processed: number
  readonly failed: number
}

/**
 * Writes a ledger anew in another storage: every entry and field, those of other programs included. The source stays as it is and is locked meanwhile, so
 * that nothing is noted in it that the target lacks. The target appears whole or not at all, and is durable on return.
 *
 * @throws LedgerExistsError when the target is there and is not to be replaced; what opening a ledger throws; StateWriteError
 * @example await convertLedger('processed.json', 'processed.db')
 */
export async function convertLedger(
  source: string,
  target: string,
  options: ConvertOptions = {},
  deps: LedgerDeps = {},
): Promise<ConvertResult> {
  const { overwrite = false, lockTimeoutMs = 10_000, dryRun = false, logger = processWarnings } = options
  const {
    from = await findStorageKind(source),
    to = SQLITE_ENDINGS.has(extname(target).toLowerCase()) ? 'sqlite' : 'json',
  } = options
  if (!overwrite && pathExists(target)) throw new LedgerExistsError(target)
  const common = { readOnly: dryRun, maxBackups: 5, label: undefined, lockTimeoutMs, logger }
  const storage = await openLedgerStorage(source, from, common, deps)
  try {
    if (dryRun) {
      const [processed, failed] = await storage.read((view) => [view.count('processed'), view.count('failed')] as const)
      return { from, to, processed, failed }
    }
    const session = await storage.acquire({ timeoutMs: lockTimeoutMs })
    try {
      const { view } = session
      const content = to === 'json' ? toJsonText(view) : await databaseBytes(view)
      await writeTarget(target, content, { overwrite, lockTimeoutMs }, deps)
      return { from, to, processed: view.count('processed'), failed: view.count('failed') }
    } finally {
      await session.release()
    }
  } finally {
    await storage.close()
  }
}

/** Under the lock of the target, whose programs may be at work. */
async function writeTarget(
  path: string,
  data: string | Uint8Array,
  { overwrite, lockTimeoutMs }: { readonly overwrite: boolean; readonly lockTimeoutMs: number },
  deps: LedgerDeps,
): Promise<void> {
  await using _lock = await takeLedgerLock(path, { timeoutMs: lockTimeoutMs })
  try {
    if (overwrite) settleDatabase(path)
    await writeFileAtomic(path, data, { overwrite, ...(overwrite ? { backupPath: `${path}.bak` } : {}) }, deps)
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw new LedgerExistsError(path)
    throw new StateWriteError(path, error)
  }
}
