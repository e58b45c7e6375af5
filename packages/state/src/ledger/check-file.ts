import { errorCode } from '@holdfast/atomic-file'
import { messageOf } from '../errors.js'
import type { LedgerCheck, LedgerProblem } from './check-ledger.js'
import { readCopy } from './json-backups.js'
import type { LedgerDeps, LedgerOptions } from './ledger-options.js'
import { findStorageKind } from './open-ledger-storage.js'
import { ReleaseLedger } from './release-ledger.js'

/**
 * Looks for what is wrong with a ledger and its file. Changes nothing, and repairs nothing: a damaged file is a problem in the result, beside the problems of
 * the backup that would take its place.
 *
 * @throws StateReadError when the system refuses to read it
 * @example const { problems } = await checkLedger('processed.json')
 */
export async function checkLedger(
  path: string,
  options: LedgerOptions = {},
  deps: LedgerDeps = {},
): Promise<LedgerCheck> {
  const damage: LedgerProblem[] = []
  if ((options.storage ?? (await findStorageKind(path))) === 'json') {
    const copy = await readCopy(path, deps)
    if (copy.kind === 'damaged') damage.push(problem('damaged', `'${path}' is damaged: ${copy.reason}`))
  }
  try {
    await using ledger = await ReleaseLedger.open(path, { logger: SILENT, ...options, readOnly: true }, deps)
    const { counts, problems } = await ledger.check()
    return { counts, problems: [...damage, ...problems] }
  } catch (error) {
    const code = errorCode(error)
    if (code !== 'ERR_STATE_CORRUPT' && code !== 'ERR_LEDGER_VERSION') throw error
    const found = problem(code === 'ERR_STATE_CORRUPT' ? 'damaged' : 'newer-version', messageOf(error))
    return { counts: { processed: 0, failed: 0 }, problems: [found] }
  }
}

function problem(code: LedgerProblem['code'], message: string): LedgerProblem {
  return { severity: 'error', code, ids: [], message }
}

const SILENT = { info() {}, warn() {}, error() {} }
