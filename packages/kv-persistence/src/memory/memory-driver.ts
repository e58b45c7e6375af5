import { addNumbers, storedNumber, storeNumber } from '../driver/add-numbers.js'
import type { ClockDeps } from '../driver/clock.js'
import { CommitListeners } from '../driver/commit-listeners.js'
import type { Change, Commit, CommitOutcome, KvDriver, PageQuery, Payload, StoredEntry } from '../driver/driver.js'
import { ExpiryQueue } from './expiry-queue.js'
import { SortedKeys } from './sorted-keys.js'

interface Row extends StoredEntry {
  readonly expiresAtMs: number
}

const NEVER = Number.POSITIVE_INFINITY
const MAX_TIMER_MS = 2 ** 31 - 1

/** Everything in the memory of this process; gone when it ends. For tests, and as the measure of the others. */
export class MemoryDriver implements KvDriver {
  readonly backend = 'memory'
  readonly location = 'memory'
  readonly watchIntervalMs = 250
  readonly #clock: ClockDeps
  readonly #startWallMs: number
  readonly #startMonotonicMs: number
  readonly #rows: Map<string, Row> = new Map()
  readonly #keys: SortedKeys = new SortedKeys((key) => this.#rows.has(key))
  readonly #expiries: ExpiryQueue = new ExpiryQueue()
  readonly #listeners: CommitListeners = new CommitListeners()
  #version: number
  #timer: { readonly handle: NodeJS.Timeout; readonly atMs: number } | undefined

  constructor(clock: ClockDeps) {
    this.#clock = clock
    this.#startWallMs = clock.wallMs()
    this.#startMonotonicMs = clock.monotonicMs()
    this.#version = Math.floor(this.#startWallMs * 1000)
  }

  async read(keys: readonly string[], signal?: AbortSignal): Promise<readonly (StoredEntry | undefined)[]> {
    signal?.throwIfAborted()
    const nowMs = this.#nowMs()
    return keys.map((key) => this.#row(key, nowMs))
  }

  async commit(commit: Commit, signal?: AbortSignal): Promise<CommitOutcome> {
    signal?.throwIfAborted()
    const nowMs = this.#nowMs()
    this.#sweep(nowMs)
    const refused = this.#refuse(commit, nowMs)
    if (refused !== undefined) return refused
    this.#version += 1
    const results = commit.changes.map((change) => this.#apply(change, nowMs))
    this.#schedule(nowMs)
    this.#listeners.tell(commit.changes)
    return { status: 'done', version: this.#version, results }
  }

  async page({ start, end, limit }: PageQuery, signal?: AbortSignal): Promise<readonly StoredEntry[]> {
    signal?.throwIfAborted()
    this.#sweep(this.#nowMs())
    return this.#keys.slice(start, end, limit).flatMap((key) => this.#rows.get(key) ?? [])
  }

  async timeLeft(key: string): Promise<number | undefined> {
    const nowMs = this.#nowMs()
    const row = this.#row(key, nowMs)
    return row === undefined ? undefined : row.expiresAtMs - nowMs
  }

  async now(): Promise<number> {
    return Math.floor(this.#nowMs())
  }

  onCommit(listener: (keys: readonly string[]) => void): () => void {
    return this.#listeners.add(listener)
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer?.handle)
    this.#rows.clear()
  }

  #nowMs(): number {
    return this.#startWallMs + (this.#clock.monotonicMs() - this.#startMonotonicMs)
  }

  #row(key: string, nowMs: number): Row | undefined {
    const row = this.#rows.get(key)
    return row !== undefined && row.expiresAtMs > nowMs ? row : undefined
  }

  #refuse({ checks, changes }: Commit, nowMs: number): CommitOutcome | undefined {
    const check = checks.findIndex((wanted) =>
      'beforeMs' in wanted
        ? nowMs >= wanted.beforeMs
        : (this.#row(wanted.key, nowMs)?.version ?? null) !== wanted.version,
    )
    if (check >= 0) return { status: 'conflict', check }
    let index = 0
    for (const change of changes) {
      if (change.type === 'increment') {
        const row = this.#row(change.key, nowMs)
        const number = row === undefined ? 0 : storedNumber(row.payload)
        if (number === undefined) return { status: 'not-a-number', change: index }
        if (addNumbers(number, change.by) === undefined) return { status: 'overflow', change: index }
      }
      index += 1
    }
    return undefined
  }

  #apply(change: Change, nowMs: number): number {
    const { key } = change
    if (change.type === 'put') {
      this.#write(key, change.payload, expiry(change.ttlMs, nowMs))
      return 1
    }
    const row = this.#row(key, nowMs)
    switch (change.type) {
      case 'add':
        if (row !== undefined) return 0
        this.#write(key, change.payload, expiry(change.ttlMs, nowMs))
        return 1
      case 'delete':
        if (row === undefined) return 0
        this.#remove(key)
        return 1
      case 'touch':
        if (row === undefined) return 0
        this.#write(key, row.payload, expiry(change.ttlMs, nowMs), row.version)
        return 1
      case 'increment': {
        const sum = addNumbers(row === undefined ? 0 : (storedNumber(row.payload) ?? 0), change.by) ?? 0
        const keeps = row !== undefined && !change.renew
        this.#write(key, storeNumber(sum), keeps ? row.expiresAtMs : expiry(change.ttlMs, nowMs))
        return sum
      }
    }
  }

  #write(key: string, payload: Payload, expiresAtMs: number, version: number = this.#version): void {
    if (!this.#rows.has(key)) this.#keys.add(key)
    this.#rows.set(key, { key, payload, version, expiresAtMs })
    if (expiresAtMs !== NEVER) this.#expiries.push(expiresAtMs, key)
  }

  #remove(key: string): void {
    if (this.#rows.delete(key)) this.#keys.remove(key)
  }

  #sweep(nowMs: number): void {
    for (;;) {
      const due = this.#expiries.popDue(nowMs)
      if (due === undefined) break
      const row = this.#rows.get(due.key)
      if (row !== undefined && row.expiresAtMs <= nowMs) this.#remove(due.key)
    }
    if (this.#expiries.size > 2 * this.#rows.size + 64) {
      const rows = [...this.#rows.values()].filter(({ expiresAtMs }) => expiresAtMs !== NEVER)
      this.#expiries.rebuild(rows.map(({ expiresAtMs, key }) => ({ atMs: expiresAtMs, key })))
    }
  }

  /** Data goes away at its time even if nobody calls any more; the timer does not keep the process alive. */
  #schedule(nowMs: number): void {
    const atMs = this.#expiries.nextMs
    if (atMs === NEVER || (this.#timer !== undefined && this.#timer.atMs <= atMs)) return
    clearTimeout(this.#timer?.handle)
    const handle = setTimeout(
      () => {
        this.#timer = undefined
        this.#sweep(this.#nowMs())
        this.#schedule(this.#nowMs())
      },
      Math.min(Math.max(atMs - nowMs + 1, 10), MAX_TIMER_MS),
    )
    handle.unref()
    this.#timer = { handle, atMs }
  }
}

function expiry(ttlMs: number | null, nowMs: number): number {
  return ttlMs === null ? NEVER : nowMs + ttlMs
}
