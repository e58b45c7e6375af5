import type { Change, Check, Commit, CommitOutcome } from '../driver/driver.js'
import { KvDecodeError } from '../errors.js'
import type { RedisArguments } from './redis-connection.js'
import { COMMIT, PUT, type RedisScript } from './scripts.js'

const REASONS = ['done', 'conflict', 'not-a-number', 'overflow', 'foreign'] as const

/** A script to be run, and what its reply means, commit by commit. */
export interface EncodedCommits {
  readonly script: RedisScript
  readonly keys: RedisArguments
  readonly argv: RedisArguments
  readonly decode: (reply: unknown) => readonly (CommitOutcome | KvDecodeError)[]
}

interface WithCommit {
  readonly commit: Commit
}

export class CommitEncoder {
  readonly #fixedKeys: readonly string[]
  readonly #front: string
  readonly #frontBytes: string

  /** `front` stands in front of every key; `fixedKeys` are index, expiries, last version. */
  constructor(fixedKeys: readonly string[], front: string) {
    this.#fixedKeys = fixedKeys
    this.#front = front
    this.#frontBytes = String(Buffer.byteLength(front))
  }

  encode(group: readonly WithCommit[]): EncodedCommits {
    return this.#encodePuts(group) ?? this.#encodeAny(group)
  }

  /** If the commits are puts without conditions and with one ttl. */
  #encodePuts(group: readonly WithCommit[]): EncodedCommits | undefined {
    const ttlMs = plainPut(group[0]?.commit)?.ttlMs
    const keys: RedisArguments = [...this.#fixedKeys]
    const argv: RedisArguments = [this.#frontBytes, typeof ttlMs === 'number' ? String(ttlMs) : '']
    for (const { commit } of group) {
      const put = plainPut(commit)
      if (put === undefined || put.ttlMs !== ttlMs) return undefined
      keys.push(this.#front + put.key)
      argv.push(bytesOf(put.payload))
    }
    return { script: PUT, keys, argv, decode: (reply) => decodePuts(reply, group.length) }
  }

  #encodeAny(group: readonly WithCommit[]): EncodedCommits {
    const keys: RedisArguments = [...this.#fixedKeys]
    const needsRoom = group.some(({ commit }) =>
      commit.changes.some(({ type }) => type !== 'delete' && type !== 'touch'),
    )
    const argv: RedisArguments = [this.#frontBytes, String(group.length), needsRoom ? '1' : '0']
    for (const { commit } of group) {
      const { checks, changes } = commit
      argv.push(String(checks.length * 1_000_000 + changes.length))
      for (const check of checks) {
        // Every check takes one key, also that of the clock, which looks at none.
        keys.push('beforeMs' in check ? (this.#fixedKeys[0] ?? '') : this.#front + check.key)
        argv.push('beforeMs' in check ? `<${check.beforeMs}` : String(check.version ?? ''))
      }
      for (const change of changes) {
        keys.push(this.#front + change.key)
        pushChange(argv, change)
      }
    }
    return { script: COMMIT, keys, argv, decode: (reply) => decodeOutcomes(reply, group) }
  }
}

type Put = Extract<Change, { readonly payload: unknown }>

function plainPut(commit: Commit | undefined): Put | undefined {
  if (commit === undefined || commit.checks.length > 0 || commit.changes.length !== 1) return undefined
  const [change] = commit.changes
  return change?.type === 'put' ? change : undefined
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

const PUT_DONE: readonly number[] = [1]

function decodePuts(reply: unknown, count: number): CommitOutcome[] {
  const first = numberOf(reply)
  const outcomes: CommitOutcome[] = []
  for (let version = first + 1; version <= first + count; version += 1) {
    outcomes.push({ status: 'done', version, results: PUT_DONE })
  }
  return outcomes
}

function decodeOutcomes(reply: unknown, group: readonly WithCommit[]): (CommitOutcome | KvDecodeError)[] {
  if (!Array.isArray(reply)) throw new Error('The commit script gave no list')
  const first = numberOf(reply[0])
  let at = 1
  const next = (): number => numberOf(reply[at++])
  return group.map(({ commit: { checks, changes } }, index) => {
    const reason = REASONS[next()]
    if (reason === 'done') return { status: 'done', version: first + index + 1, results: changes.map(next) }
    if (reason === 'conflict') return { status: reason, check: next() }
    if (reason === 'foreign') return foreignKey(keyOf([...checks, ...changes][next()]))
    return { status: reason ?? 'overflow', change: next() }
  })
}

function keyOf(place: Check | Change | undefined): string {
  return place === undefined || 'beforeMs' in place ? '' : place.key
}

function foreignKey(key: string): KvDecodeError {
  return new KvDecodeError(key, 'it is no string on the server', {
    hint: 'Was the key written by another program? Use a prefix of its own',
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
