import { stat } from 'node:fs/promises'
import { decodeUtf8, errorCode } from '@holdfast/atomic-file'
import type { JsonObject } from '@holdfast/txn-store'
import { LedgerVersionError, messageOf } from '../errors.js'
import { readBytes, type StateDeps } from '../file-io.js'
import { DocumentShapeError, type LedgerDocument, migrateState } from './ledger-document.js'

/** A copy of a ledger that can be used. */
export interface GoodBackup {
  readonly path: string
  readonly document: LedgerDocument
}

export type LedgerCopy =
  | { readonly kind: 'missing' }
  | { readonly kind: 'good'; readonly data: JsonObject; readonly document: LedgerDocument }
  | { readonly kind: 'damaged'; readonly reason: string }
  /** Of a newer version: neither damaged nor of any use. */
  | { readonly kind: 'refused'; readonly error: LedgerVersionError }

/** What a file that should hold a ledger holds. */
export async function readCopy(path: string, deps: StateDeps): Promise<LedgerCopy> {
  try {
    const bytes = await readBytes(path, deps)
    if (bytes === undefined) return { kind: 'missing' }
    const data = parseLedgerBytes(bytes, path)
    return { kind: 'good', data, document: migrateState(data, path) }
  } catch (error) {
    if (error instanceof LedgerVersionError) return { kind: 'refused', error }
    return { kind: 'damaged', reason: messageOf(error) }
  }
}

/** The document that the bytes of a file hold, without looking at what is in it. @throws DocumentShapeError */
function parseLedgerBytes(bytes: Uint8Array, path: string): JsonObject {
  let value: unknown
  try {
    value = JSON.parse(decodeUtf8(bytes, path))
  } catch (error) {
    throw new DocumentShapeError(bytes.length === 0 ? 'the file is empty' : messageOf(error), { cause: error })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new DocumentShapeError('the top level is not an object')
  return value as JsonObject
}

/** The newest of these files that is good, by the time its content was written; links and copies keep that time. */
export async function findGoodBackup(paths: readonly string[], deps: StateDeps): Promise<GoodBackup | undefined> {
  const dated = await Promise.all(paths.map(async (path) => ({ path, at: await writtenAt(path) })))
  for (const { path } of dated.filter(({ at }) => at !== undefined).sort((a, b) => Number(b.at) - Number(a.at))) {
    const copy = await readCopy(path, deps)
    if (copy.kind === 'good') return { path, document: copy.document }
  }
  return undefined
}

async function writtenAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    return undefined
  }
}
