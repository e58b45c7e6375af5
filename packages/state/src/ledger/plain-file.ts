/** The ledger's file where it is all there is to read: JSON of the current version, good, and without a journal. That is the rule, and costs the least. */
import { isUtf8 } from 'node:buffer'
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { JsonValue } from '@holdfast/txn-store'
import { CURRENT_SCHEMA_VERSION, type LedgerDocument, migrateState } from './ledger-document.js'

export interface PlainFile {
  /** With links followed. */
  readonly path: string
  /** Tells one file from another. */
  readonly identity: string
  readonly document: LedgerDocument
}

/** For history, older states and journal, beside the file. */
export const LEDGER_FOLDER = '.ledger'

/**
 * The newest committed state; `undefined` when it takes more to find it out or to say what is wrong. What did not change since `known` is not read again.
 * The calls are those that block: parsing takes longer than they do, and going through the thread pool doubles their time.
 */
export function tryReadPlainFile(path: string, known: PlainFile | undefined): PlainFile | undefined {
  try {
    const realPath = realpathSync(path)
    const isKnown = known?.path === realPath && identify(realPath) === known.identity
    const file = isKnown ? known : readFile(realPath)
    // A checkpoint publishes the file before it removes the journal: the same file before and after means that nothing was in between.
    return isThere(journalOf(realPath)) || identify(realPath) !== file?.identity ? undefined : file
  } catch {
    // Whoever reads it with all that belongs to it says what is wrong.
    return undefined
  }
}

/** Where the changes wait that are not in the file yet. */
export function journalOf(realPath: string): string {
  return join(dirname(realPath), LEDGER_FOLDER, `${basename(realPath)}.journal`)
}

function readFile(path: string): PlainFile | undefined {
  const stats = statSync(path, { bigint: true })
  // Reading a pipe would wait for ever.
  if (!stats.isFile()) return undefined
  const bytes = readFileSync(path)
  if (!isUtf8(bytes)) return undefined
  const data = JSON.parse(bytes.toString('utf8'))
  const isCurrent = data.version === CURRENT_SCHEMA_VERSION && migrateState(data, path) === data
  if (!isCurrent || 'holdfast' in data || hasLargeNumber(data)) return undefined
  return { path, identity: identityOf(stats), document: data }
}

/** Whether it has a number from which digits may have been lost. */
function hasLargeNumber(value: JsonValue): boolean {
  if (typeof value === 'number') return !(Math.abs(value) <= Number.MAX_SAFE_INTEGER)
  if (typeof value !== 'object' || value === null) return false
  for (const key in value) {
    const item = (value as Readonly<Record<string, JsonValue>>)[key]
    if (typeof item !== 'string' && item !== undefined && hasLargeNumber(item)) return true
  }
  return false
}

function identify(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stats === undefined ? undefined : identityOf(stats)
}

function identityOf({ dev, ino, size, mtimeNs }: Readonly<Record<'dev' | 'ino' | 'size' | 'mtimeNs', bigint>>): string {
  return `${dev}:${ino}:${size}:${mtimeNs}`
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
