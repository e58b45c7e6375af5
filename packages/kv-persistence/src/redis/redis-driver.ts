/**
 * Owns, on the server, everything that begins with the tag `{prefix}`:
 *
 *   {prefix}:<key>     string: version, blank, value as in codec/value-codec.ts; expires by itself
 *   {prefix}#index     sorted set of all keys, for scans in order
 *   {prefix}#expiries  sorted set of the keys with an end, by that end, to clear the index of what has expired
 *   {prefix}#version   the last version given out
 *
 * The values are the source of truth: the index is written in the same script, and an expired key stays in it until somebody sweeps.
 */
import type { RedisStoreOptions } from '../config/options.js'
import { CommitListeners } from '../driver/commit-listeners.js'
import type { Commit, CommitOutcome, KvDriver, PageQuery, StoredEntry } from '../driver/driver.js'
import { KvConfigError } from '../errors.js'
import { CommandQueue } from './command-queue.js'
import { RedisConnection } from './redis-connection.js'
import { type RedisSettings, resolveSettings } from './redis-settings.js'
import { PURGE } from './scripts.js'

const SWEEP_INTERVAL_MS = 30_000
const SWEEP_KEYS = 500
/** So many keys with an end are worth a look at those whose end has come. */
const SWEEP_AFTER_PUTS = 1000

export class RedisDriver implements KvDriver {
  readonly backend = 'redis'
  readonly watchIntervalMs = 250
  readonly location: string
  readonly #connection: RedisConnection
  readonly #queue: CommandQueue
  readonly #listeners: CommitListeners = new CommitListeners()
  readonly #timer: NodeJS.Timeout
  #expiringPuts = 0
  #sweeping: Promise<void> | undefined

  private constructor(connection: RedisConnection, settings: RedisSettings) {
    this.location = settings.location
    this.#connection = connection
    this.#queue = new CommandQueue(connection, settings)
    this.#timer = setInterval(() => this.#sweep(), SWEEP_INTERVAL_MS)
    this.#timer.unref()
  }

  /** Connects; the server has to answer within the deadline. */
  static async open(options: RedisStoreOptions): Promise<RedisDriver> {
    const settings = resolveSettings(options)
    const driver = new RedisDriver(new RedisConnection(settings), settings)
    try {
      await driver.#refuseEviction()
      return driver
    } catch (error) {
      await driver.close()
      throw error
    }
  }

  async read(keys: readonly string[], signal?: AbortSignal): Promise<readonly (StoredEntry | undefined)[]> {
    const values = await this.#queue.read(keys, signal)
    return values.map((value, index) => (value === undefined ? undefined : parseValue(keys[index] ?? '', value)))
  }

  async commit(commit: Commit, signal?: AbortSignal): Promise<CommitOutcome> {
    const outcome = await this.#queue.commit(commit, signal)
    if (outcome.status !== 'done') return outcome
    this.#listeners.tell(commit.changes)
    for (const change of commit.changes) if ('ttlMs' in change && change.ttlMs !== null) this.#expiringPuts += 1
    if (this.#expiringPuts >= SWEEP_AFTER_PUTS) this.#sweep()
    return outcome
  }

  async page({ start, end, limit }: PageQuery, signal?: AbortSignal): Promise<readonly StoredEntry[]> {
    const [index = ''] = this.#queue.fixedKeys
    const entries: StoredEntry[] = []
    let from = start === '' ? '-' : `[${start}`
    while (entries.length < limit) {
      const size = limit - entries.length
      const to = end === undefined ? '+' : `(${end}`
      const args = ['ZRANGE', index, from, to, 'BYLEX', 'LIMIT', '0', String(size)]
      const members = listOf(await this.#queue.command(args, signal))
      if (members.length === 0) break
      const found = await this.read(members, signal)
      entries.push(...found.filter((entry) => entry !== undefined))
      const gone = members.filter((_, position) => found[position] === undefined)
      // Only tidying up: a server that is full or slow must not spoil the reading.
      if (gone.length > 0) this.#purge(gone).catch(() => undefined)
      if (members.length < size) break
      from = `(${members.at(-1)}`
    }
    return entries
  }

  async timeLeft(key: string, signal?: AbortSignal): Promise<number | undefined> {
    const left = Number(await this.#queue.command(['PTTL', this.#queue.front + key], signal))
    if (left === -2) return undefined
    return left === -1 ? Number.POSITIVE_INFINITY : left
  }

  async now(signal?: AbortSignal): Promise<number> {
    const [seconds, micros] = listOf(await this.#queue.command(['TIME'], signal))
    return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)
  }

  onCommit(listener: (keys: readonly string[]) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#queue.idle()
    await this.#sweeping
    this.#connection.close()
  }

  /** A server that throws out keys to make room would throw out state, and the index with it. */
  async #refuseEviction(): Promise<void> {
    const info = String(await this.#queue.command(['INFO', 'memory']))
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1] ?? 'noeviction'
    const limit = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0)
    if (limit === 0 || !policy.startsWith('allkeys')) return
    throw new KvConfigError([
      {
        option: 'host',
        message: `the server '${this.location}' throws keys out when it is full (maxmemory-policy ${policy}); set it to noeviction`,
      },
    ])
  }

  #sweep(): void {
    this.#expiringPuts = 0
    if (!this.#connection.isReady) return
    this.#sweeping ??= this.#sweepAll()
      // Whatever is wrong, the next operation meets it and tells.
      .catch(() => undefined)
      .finally(() => {
        this.#sweeping = undefined
      })
  }

  async #sweepAll(): Promise<void> {
    const [, expiries = ''] = this.#queue.fixedKeys
    for (let size = SWEEP_KEYS; size === SWEEP_KEYS; ) {
      const nowMs = await this.now()
      const args = ['ZRANGE', expiries, '-inf', String(nowMs), 'BYSCORE', 'LIMIT', '0', String(SWEEP_KEYS)]
      const members = listOf(await this.#queue.command(args))
      size = members.length
      if (size > 0) await this.#purge(members)
    }
  }

  async #purge(members: readonly string[]): Promise<void> {
    const [index = '', expiries = ''] = this.#queue.fixedKeys
    const keys = [index, expiries, ...members.map((member) => this.#queue.front + member)]
    await this.#queue.repeatableScript(PURGE, keys, [String(Buffer.byteLength(this.#queue.front))])
  }
}

function parseValue(key: string, value: Buffer): StoredEntry {
  const blank = value.indexOf(0x20)
  const isText = value[blank + 1] === 0x6a && value[blank + 2] === 0x3a
  // Calls into a Buffer cost more than what they do: text is decoded at once, version and all.
  const text = isText ? value.toString() : value.toString('latin1', 0, Math.max(0, blank))
  const version = blank > 0 && blank < 20 ? Number(text.slice(0, blank)) : Number.NaN
  // Not ours: the codec says so to whoever reads it.
  if (!Number.isSafeInteger(version)) return { key, version: 0, payload: value }
  return { key, version, payload: isText ? text.slice(blank + 1) : value.subarray(blank + 1) }
}

function listOf(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : []
}
