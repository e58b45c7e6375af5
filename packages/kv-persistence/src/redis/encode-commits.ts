import type { Change, Commit, CommitOutcome } from '../driver/driver.js'
import type { RedisArguments } from './redis-connection.js'

const REASONS = ['done', 'conflict', 'not-a-number', 'overflow'] as const

/** Keys and arguments of the commit script for several commits. */
export function encodeCommits(
  commits: readonly Commit[],
  fixedKeys: readonly string[],
  front: string,
): { readonly keys: RedisArguments; readonly argv: RedisArguments } {
  const keys: RedisArguments = [...fixedKeys]
  const needsRoom = commits.some(({ changes }) => changes.some(({ type }) => type !== 'delete' && type !== 'touch'))
  const argv: RedisArguments = [String(Buffer.byteLength(front)), String(commits.length), needsRoom ? '1' : '0']
  for (const { checks, changes } of commits) {
    argv.push(String(checks.length * 1_000_000 + changes.length))
    for (const { key, version } of checks) {
      keys.push(front + key)
      argv.push(version === null ? '' : String(version))
    }
    for (const change of changes) {
      keys.push(front + change.key)
      pushChange(argv, change)
    }
  }
  return { keys, argv }
}

function pushChange(argv: RedisArguments, change: Change): void {
  const ttl = 'ttlMs' in change && change.ttlMs !== null ? String(change.ttlMs) : ''
  switch (change.type) {
    case 'put':
    case 'add':
      argv.push(change.type === 'put' ? 'p' : 'a', bytesOf(change.payload), ttl)
      return
    case 'increment':
      argv.push(change.renew ? 'r' : 'i', String(change.by), ttl)
      return
    case 'touch':
      argv.push('t', '', ttl)
      return
    case 'delete':
      argv.push('d', '', '')
  }
}

/** What the script said, commit by commit. */
export function decodeOutcomes(reply: unknown, commits: readonly Commit[]): CommitOutcome[] {
  if (!Array.isArray(reply)) throw new Error('The commit script gave no list')
  const first = numberOf(reply[0])
  let at = 1
  const next = (): number => numberOf(reply[at++])
  return commits.map(({ changes }, index) => {
    const reason = REASONS[next()]
    if (reason === 'done') return { status: 'done', version: first + index + 1, results: changes.map(next) }
    if (reason === 'conflict') return { status: reason, check: next() }
    return { status: reason ?? 'overflow', change: next() }
  })
}

function numberOf(value: unknown): number {
  const number = typeof value === 'number' ? value : Number(String(value))
  if (Number.isNaN(number)) throw new Error('The commit script gave something other than a number')
  return number
}

function bytesOf(payload: string | Uint8Array): string | Buffer {
  if (typeof payload === 'string') return payload
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length)
}
