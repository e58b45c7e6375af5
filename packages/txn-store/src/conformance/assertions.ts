import assert from 'node:assert/strict'
import type { RecordKind, TransactionRecord } from '../storage.js'

/** The error's `code`, of whatever class it is. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

export async function assertRejectsWithCode(work: Promise<unknown>, code: string, what: string): Promise<void> {
  await assert.rejects(
    work,
    (error: unknown) => {
      assert.equal(codeOf(error), code, `${what} has to be refused with ${code}, not with: ${error}`)
      return true
    },
    `${what} has to be refused with ${code}`,
  )
}

/** A storage that never answers fails the check, not the whole run. */
export async function within<T>(deadlineMs: number, what: string, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`${what}: no answer within ${deadlineMs} ms`)), deadlineMs)
  try {
    return await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** What transactions did; a storage may tell more, such as of checkpoints. */
export function ofTransactions(records: readonly TransactionRecord[]): TransactionRecord[] {
  return records.filter(({ kind }) => TRANSACTION_KINDS.has(kind))
}

/** Those that are part of the document, oldest first. */
export function committed(records: readonly TransactionRecord[]): TransactionRecord[] {
  return records.filter(({ kind, success }) => success && (kind === 'commit' || kind === 'restore')).toReversed()
}

/** The operations of transactions, newest first, as the history names them. */
export function operationsOf(records: readonly TransactionRecord[]): string[] {
  return ofTransactions(records).map(({ operation }) => operation)
}

const TRANSACTION_KINDS: ReadonlySet<RecordKind> = new Set(['commit', 'restore', 'rollback', 'unchanged'])
