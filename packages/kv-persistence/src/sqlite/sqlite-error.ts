import { KvUnavailableError } from '../errors.js'

/** https://sqlite.org/rescode.html */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
const IOERR_SHORT_READ = 522

export type SqliteTrouble = 'busy' | 'damaged' | 'full' | 'io' | 'refused'

/** What a failure of node:sqlite means, or `undefined` for anything else. */
export function sqliteTrouble(error: unknown): SqliteTrouble | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined
  if (error.errcode === IOERR_SHORT_READ) return 'damaged'
  const primary = error.errcode & 0xff
  if (primary === BUSY || primary === LOCKED) return 'busy'
  if (primary === CORRUPT || primary === NOTADB) return 'damaged'
  if (primary === FULL) return 'full'
  if (primary === IOERR) return 'io'
  return primary === READONLY || primary === CANTOPEN ? 'refused' : undefined
}

/** The error a caller gets. `isCommitting`: the failure came while the change was being made durable. */
export function unavailable(
  trouble: Exclude<SqliteTrouble, 'damaged'>,
  location: string,
  cause: unknown,
  isCommitting: boolean,
): KvUnavailableError {
  const { message, hint } = TEXTS[trouble]
  const reason = trouble === 'io' ? 'refused' : trouble
  const outcome = trouble === 'io' && isCommitting ? 'unknown' : 'not-applied'
  return new KvUnavailableError(`Could not use the database '${location}': ${message}`, {
    backend: 'sqlite',
    reason,
    outcome,
    location,
    hint,
    cause,
  })
}

/** For a store whose files were taken away under its hands. It works again if they are put back. */
export function filesLost(location: string, lost: string): KvUnavailableError {
  return new KvUnavailableError(
    `Could not use the database '${location}': '${lost}' was removed, replaced or emptied while it was open`,
    {
      backend: 'sqlite',
      reason: 'refused',
      outcome: 'not-applied',
      location,
      hint: 'Close the store in all processes, put the files back if they are wanted, and open it again',
    },
  )
}

const TEXTS: Readonly<Record<Exclude<SqliteTrouble, 'damaged'>, { readonly message: string; readonly hint: string }>> =
  {
    busy: { message: 'another program holds it', hint: 'Find it with fuser, and end it or wait' },
    full: { message: 'the disk is full', hint: 'Make room; the store goes on by itself' },
    io: { message: 'the system could not read or write it', hint: 'Look at the disk and the system log' },
    refused: {
      message: 'it cannot be opened for writing',
      hint: 'Check that file and folder can be written by this user',
    },
  }
