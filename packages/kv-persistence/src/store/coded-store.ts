import type { Change, Check, Commit, CommitOutcome, StoredEntry } from '../driver/driver.js'
import { type KvBackend, KvNumberError } from '../errors.js'
import { incrementByReading } from './increment-by-reading.js'
import { endOfLevel, type KvKey, writeKey, writeLevel } from './key.js'
import { KeySet } from './key-set.js'
import type {
  BatchOptions,
  BatchResult,
  KvCheck,
  KvEntry,
  KvOperation,
  KvSet,
  KvStore,
  KvVersion,
  OperationOptions,
  WriteOptions,
} from './kv-store.js'
import { scanRange } from './scan-level.js'
import type { StoreCore } from './store-core.js'
import { watchKey } from './watch-key.js'

/** A `KvStore` on a driver: writes keys, encodes values, resolves TTLs; everything that has to be atomic is the driver's. */
export class CodedStore implements KvStore {
  readonly prefix: string
  readonly #core: StoreCore
  readonly #owner: boolean

  constructor(core: StoreCore, prefix = '', owner = true) {
    this.#core = core
    this.prefix = prefix
    this.#owner = owner
  }

  get backend(): KvBackend {
    return this.#core.backend
  }

  async get<T>(key: KvKey, { signal }: OperationOptions = {}): Promise<T | undefined> {
    const physical = this.#key(key)
    const [entry] = await this.#core.driver().read([physical], signal)
    return entry === undefined ? undefined : (this.#core.codec.decode(entry.payload, physical) as T)
  }

  async getEntry<T>(key: KvKey, { signal }: OperationOptions = {}): Promise<KvEntry<T> | undefined> {
    const [entry] = await this.#core.driver().read([this.#key(key)], signal)
    return entry === undefined ? undefined : this.#entry<T>(entry)
  }

  async getMany<T>(keys: readonly KvKey[], { signal }: OperationOptions = {}): Promise<(KvEntry<T> | undefined)[]> {
    const physical = keys.map((key) => this.#key(key))
    const driver = this.#core.driver()
    if (physical.length === 0) return []
    const entries = await driver.read(physical, signal)
    return entries.map((entry) => (entry === undefined ? undefined : this.#entry<T>(entry)))
  }

  async exists(key: KvKey, { signal }: OperationOptions = {}): Promise<boolean> {
    const [entry] = await this.#core.driver().read([this.#key(key)], signal)
    return entry !== undefined
  }

  async put(key: KvKey, value: unknown, { ttlMs, signal }: WriteOptions = {}): Promise<KvVersion> {
    const change = this.#put('put', key, value, ttlMs)
    return versionOf(await this.#core.driver().commit({ checks: NO_CHECKS, changes: [change] }, signal))
  }

  async putMany(entries: Iterable<readonly [KvKey, unknown]>, options: WriteOptions = {}): Promise<KvVersion> {
    const changes = [...entries].map(([key, value]) => this.#put('put', key, value, options.ttlMs))
    refuseRepeated(changes)
    return versionOf(await this.#commit([], changes, options.signal))
  }

  async putIfAbsent(key: KvKey, value: unknown, { ttlMs, signal }: WriteOptions = {}): Promise<KvVersion | undefined> {
    const outcome = await this.#commit([], [this.#put('add', key, value, ttlMs)], signal)
    return outcome.status === 'done' && outcome.results[0] === 1 ? outcome.version : undefined
  }

  async compareAndSet(
    key: KvKey,
    expected: KvVersion | null,
    value: unknown,
    { ttlMs, signal }: WriteOptions = {},
  ): Promise<KvVersion | undefined> {
    const change = this.#put('put', key, value, ttlMs)
    const outcome = await this.#commit([{ key: change.key, version: checkVersion(expected) }], [change], signal)
    return outcome.status === 'done' ? outcome.version : undefined
  }

  async delete(key: KvKey, { signal }: OperationOptions = {}): Promise<boolean> {
    const outcome = await this.#commit([], [{ type: 'delete', key: this.#key(key) }], signal)
    return outcome.status === 'done' && outcome.results[0] === 1
  }

  async increment(key: KvKey, by: number = 1, { ttlMs, signal }: WriteOptions = {}): Promise<number> {
    const outcome = await this.#commit([], [this.#change({ type: 'increment', key, by, ttlMs })], signal)
    return outcome.status === 'done' ? (outcome.results[0] ?? 0) : 0
  }

  async batch(operations: readonly KvOperation[], { checks = [], signal }: BatchOptions = {}): Promise<BatchResult> {
    const physical = checks.map((check) => this.#check(check))
    const changes = operations.map((operation) => this.#change(operation))
    refuseRepeated(changes)
    const outcome = await this.#commit(physical, changes, signal)
    if (outcome.status !== 'done') return { done: false, failed: failedCheck(checks, outcome) }
    const results = operations.map(({ type }, index) => {
      const result = outcome.results[index] ?? 0
      return type === 'increment' ? result : result === 1
    })
    return { done: true, version: outcome.version, results }
  }

  scan<T>(prefix?: KvKey, { signal }: OperationOptions = {}): AsyncIterableIterator<KvEntry<T>> {
    const level = this.prefix + writeLevel(prefix)
    return this.#range<T>(level, endOfLevel(level), Number.POSITIVE_INFINITY, signal)
  }

  range<T>(
    start?: KvKey,
    end?: KvKey,
    limit: number = Number.POSITIVE_INFINITY,
    { signal }: OperationOptions = {},
  ): AsyncIterableIterator<KvEntry<T>> {
    if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit >= 0)) {
      throw new RangeError(`limit must be a whole number from 0, not ${limit}`)
    }
    const from = start === undefined ? this.prefix : this.#key(start)
    const to = end === undefined ? endOfLevel(this.prefix) : this.#key(end)
    return this.#range<T>(from, to, limit, signal)
  }

  async ttl(key: KvKey, { signal }: OperationOptions = {}): Promise<number | undefined> {
    return this.#core.driver().timeLeft(this.#key(key), signal)
  }

  async touch(key: KvKey, ttlMs: number | null, { signal }: OperationOptions = {}): Promise<boolean> {
    const outcome = await this.#commit([], [this.#change({ type: 'touch', key, ttlMs })], signal)
    return outcome.status === 'done' && outcome.results[0] === 1
  }

  set(key: KvKey): KvSet {
    return new KeySet(this.#core, `${this.#key(key)}:`)
  }

  watch<T>(key: KvKey, { signal }: OperationOptions = {}): AsyncIterableIterator<KvEntry<T> | undefined> {
    return watchKey(this.#core, this.#key(key), signal, (entry) => this.#entry<T>(entry))
  }

  child(prefix: KvKey): KvStore {
    const level = writeLevel(prefix)
    if (level === '') throw new TypeError('The prefix of a child store must not be empty')
    return new CodedStore(this.#core, this.prefix + level, false)
  }

  async now({ signal }: OperationOptions = {}): Promise<number> {
    return this.#core.driver().now(signal)
  }

  async close(): Promise<void> {
    if (this.#owner) await this.#core.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #commit(
    checks: readonly Check[],
    changes: readonly Change[],
    signal: AbortSignal | undefined,
  ): Promise<CommitOutcome> {
    const driver = this.#core.driver()
    const commit: Commit = { checks, changes }
    const byReading = this.#core.codec.isSealed && changes.some(({ type }) => type === 'increment')
    let outcome = byReading ? undefined : await driver.commit(commit, signal)
    if (outcome === undefined || outcome.status === 'not-a-number') {
      outcome = await incrementByReading(driver, this.#core.codec, commit, signal)
    }
    if (outcome.status === 'overflow') {
      throw new KvNumberError(changes[outcome.change]?.key ?? '', 'the sum could not be stored exactly')
    }
    return outcome
  }

  async *#range<T>(
    start: string,
    end: string | undefined,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncIterableIterator<KvEntry<T>> {
    for await (const entry of scanRange(this.#core, start, end, limit, signal)) yield this.#entry<T>(entry)
  }

  #change(operation: KvOperation): Change {
    switch (operation.type) {
      case 'put':
        return this.#put('put', operation.key, operation.value, operation.ttlMs)
      case 'delete':
        return { type: 'delete', key: this.#key(operation.key) }
      case 'touch': {
        const { ttlMs } = operation
        if (ttlMs === undefined) throw new TypeError('touch wants ttlMs: milliseconds, or null for never')
        return { type: 'touch', key: this.#key(operation.key), ttlMs: this.#core.ttl(ttlMs) }
      }
      case 'increment': {
        const { by = 1, ttlMs } = operation
        if (!Number.isFinite(by)) throw new RangeError(`The amount to add must be a finite number, not ${by}`)
        const key = this.#key(operation.key)
        return { type: 'increment', key, by, ttlMs: this.#core.ttl(ttlMs), renew: ttlMs !== undefined }
      }
      default:
        throw new TypeError(`There is no operation ${JSON.stringify(operation)}`)
    }
  }

  #check(check: KvCheck): Check {
    if (!('beforeMs' in check)) return { key: this.#key(check.key), version: checkVersion(check.version) }
    const { beforeMs } = check
    if (!Number.isFinite(beforeMs)) throw new RangeError(`beforeMs must be a finite number, not ${beforeMs}`)
    return { beforeMs: Math.ceil(beforeMs) }
  }

  #put(type: 'put' | 'add', key: KvKey, value: unknown, ttlMs: number | null | undefined): Change {
    const physical = this.#key(key)
    return { type, key: physical, payload: this.#core.codec.encode(value, physical), ttlMs: this.#core.ttl(ttlMs) }
  }

  #key(key: KvKey): string {
    const written = writeKey(key)
    return this.prefix === '' ? written : this.#core.physical(this.prefix + written)
  }

  #entry<T>({ key, version, payload }: StoredEntry): KvEntry<T> {
    const value = this.#core.codec.decode(payload, key) as T
    return { key: key.slice(this.prefix.length), value, version }
  }
}

const NO_CHECKS: readonly Check[] = []

function versionOf(outcome: CommitOutcome): KvVersion {
  if (outcome.status !== 'done') throw new Error(`A change without conditions was refused: ${outcome.status}`)
  return outcome.version
}

function checkVersion(version: KvVersion | null): KvVersion | null {
  if (version !== null && !Number.isSafeInteger(version)) {
    throw new TypeError(`A version is a whole number, or null for absent, not ${version}`)
  }
  return version
}

/** What a key would be after two operations is a matter of taste. */
function refuseRepeated(changes: readonly Change[]): void {
  const keys = new Set<string>()
  for (const { key } of changes) {
    if (keys.has(key)) throw new TypeError(`Key '${key}' is in two operations of one batch`)
    keys.add(key)
  }
}

function failedCheck(checks: readonly KvCheck[], outcome: CommitOutcome): KvCheck {
  const failed = outcome.status === 'conflict' ? checks[outcome.check] : undefined
  if (failed === undefined) throw new Error(`A batch was refused without a reason: ${outcome.status}`)
  return failed
}
