import { addNumbers, storedNumber, storeNumber } from '../driver/add-numbers.js'
import type { Change, Commit, CommitOutcome, Payload } from '../driver/driver.js'
import type { Statements } from './database.js'

export interface Row {
  readonly version: number
  readonly expiresAt: number | null
  readonly payload: Payload
}

/** Does one commit inside an open transaction. `version` is the one it may give out. */
export function applyCommit(
  statements: Statements,
  { checks, changes }: Commit,
  version: number,
  nowMs: number,
): CommitOutcome {
  const check = checks.findIndex((wanted) =>
    'beforeMs' in wanted
      ? nowMs >= wanted.beforeMs
      : (findRow(statements, wanted.key, nowMs)?.version ?? null) !== wanted.version,
  )
  if (check >= 0) return { status: 'conflict', check }
  const sums = new Map<string, number>()
  for (const [index, change] of changes.entries()) {
    if (change.type !== 'increment') continue
    const row = findRow(statements, change.key, nowMs)
    const number = row === undefined ? 0 : storedNumber(row.payload)
    if (number === undefined) return { status: 'not-a-number', change: index }
    const sum = addNumbers(number, change.by)
    if (sum === undefined) return { status: 'overflow', change: index }
    sums.set(change.key, sum)
  }
  const results = changes.map((change) => applyChange(statements, change, version, nowMs, sums.get(change.key) ?? 0))
  return { status: 'done', version, results }
}

function applyChange(statements: Statements, change: Change, version: number, nowMs: number, sum: number): number {
  const { key } = change
  switch (change.type) {
    case 'put':
      statements.put.run(key, version, expiry(change.ttlMs, nowMs), change.payload)
      return 1
    case 'add':
      if (findRow(statements, key, nowMs) !== undefined) return 0
      statements.put.run(key, version, expiry(change.ttlMs, nowMs), change.payload)
      return 1
    case 'delete': {
      const row = findRow(statements, key, nowMs)
      statements.remove.run(key)
      return row === undefined ? 0 : 1
    }
    case 'touch':
      if (findRow(statements, key, nowMs) === undefined) return 0
      statements.touch.run(expiry(change.ttlMs, nowMs), key)
      return 1
    case 'increment': {
      const row = change.renew ? undefined : findRow(statements, key, nowMs)
      statements.put.run(
        key,
        version,
        row === undefined ? expiry(change.ttlMs, nowMs) : row.expiresAt,
        storeNumber(sum),
      )
      return sum
    }
  }
}

export function findRow(statements: Statements, key: string, nowMs: number): Row | undefined {
  const row = statements.find.get(key, nowMs)
  if (row === undefined) return undefined
  const expiresAt = row['expires_at']
  return {
    version: Number(row['version']),
    expiresAt: typeof expiresAt === 'number' ? expiresAt : null,
    payload: payloadOf(row['value']),
  }
}

export function payloadOf(value: unknown): Payload {
  return typeof value === 'string' || value instanceof Uint8Array ? value : String(value)
}

function expiry(ttlMs: number | null, nowMs: number): number | null {
  return ttlMs === null ? null : nowMs + ttlMs
}
