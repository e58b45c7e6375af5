import { errorCode } from '@holdfast/atomic-file'
import { StateLockError } from '@holdfast/txn-store'
import { messageOf, StateCorruptionError, StateReadError, StateWriteError } from '../errors.js'

/** Does what SQLite is needed for, and gives its errors the classes of this package. */
export function translate<R>(path: string, action: 'read' | 'write', work: () => R): R {
  try {
    return work()
  } catch (error) {
    throw asLedgerError(path, action, error)
  }
}

/** The error as one of this package, when it is SQLite's or tells of an entry that is no JSON; else itself. */
export function asLedgerError(path: string, action: 'read' | 'write', error: unknown): unknown {
  if (error instanceof SyntaxError) return damage(path, `an entry is not JSON: ${messageOf(error)}`)
  if (errorCode(error) !== 'ERR_SQLITE_ERROR') return error
  const kind = Number((error as { readonly errcode?: unknown }).errcode) & 0xff
  if (DAMAGE.has(kind)) return damage(path, messageOf(error))
  if (kind === BUSY) {
    return new StateLockError(`Cannot change '${path}': ${messageOf(error)}`, { path, cause: error })
  }
  return action === 'read' ? new StateReadError(path, error) : new StateWriteError(path, error)
}

function damage(path: string, reason: string): StateCorruptionError {
  return new StateCorruptionError({
    path,
    reason,
    bytesPath: path,
    hint: `Keep the file, and put a good copy in its place, or save what can be read: sqlite3 '${path}' .recover`,
  })
}

const BUSY = 5
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<number> = new Set([11, 26])
