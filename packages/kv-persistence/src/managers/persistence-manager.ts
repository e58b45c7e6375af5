import { type KvKey, writeKey } from '../store/key.js'
import type { KvSet, KvStore } from '../store/kv-store.js'
import { DAY_MS, errorText, isoNow, type ManagerOptions, requireName, storeOf } from './manager-store.js'
import { updateEntry } from './update-entry.js'

export interface PersistenceManagerOptions extends ManagerOptions {
  /** Of each processed item, from when it was first marked or last saved; `null`: for ever. @default 7 days */
  readonly processedTtlMs?: number | null
  /** Of the state, from its last save. @default 7 days */
  readonly stateTtlMs?: number | null
  /** Of an error, from when it was last saved. @default 24 hours */
  readonly errorTtlMs?: number | null
  /** Of session information, from its last save. @default 1 day */
  readonly sessionTtlMs?: number | null
}

export interface ItemError {
  readonly itemId: string
  readonly error: string
  readonly retryCount: number
  /** ISO-8601 UTC. */
  readonly timestamp: string
}

export type StateMap = Readonly<Record<string, unknown>>

/** What somebody is working on and how far they are, below one prefix. Each method is one atomic step; nothing outside of the prefix is ever touched. */
export class PersistenceManager {
  readonly #store: () => Promise<KvStore>
  readonly #prefix: KvKey
  readonly #ttl: Required<Omit<PersistenceManagerOptions, 'store'>>

  constructor(prefix: KvKey, options: PersistenceManagerOptions) {
    this.#prefix = prefix
    this.#store = storeOf(options)
    this.#ttl = {
      processedTtlMs: options.processedTtlMs === undefined ? 7 * DAY_MS : options.processedTtlMs,
      stateTtlMs: options.stateTtlMs === undefined ? 7 * DAY_MS : options.stateTtlMs,
      errorTtlMs: options.errorTtlMs === undefined ? DAY_MS : options.errorTtlMs,
      sessionTtlMs: options.sessionTtlMs === undefined ? DAY_MS : options.sessionTtlMs,
    }
  }

  /** Notes that an item is done; true if it was not noted before. Costs the same however many there are. */
  async markProcessed(itemId: string): Promise<boolean> {
    const set = await this.#processed()
    return (await set.add(itemId, { ttlMs: this.#ttl.processedTtlMs })) === 1
  }

  async isProcessed(itemId: string): Promise<boolean> {
    return (await this.#processed()).has(itemId)
  }

  async unmarkProcessed(itemId: string): Promise<boolean> {
    return (await (await this.#processed()).remove(itemId)) === 1
  }

  /** One after the other, in key order, without holding all of them in memory. */
  async *processedItems(): AsyncIterableIterator<string> {
    yield* (await this.#processed()).members()
  }

  /**
   * Makes the processed items exactly these. What somebody marks while this runs stays. Killed in the middle, there are too many rather than too
   * few. For single items use `markProcessed`.
   */
  async saveProcessedItems(items: Iterable<string>): Promise<void> {
    const level = await this.#level()
    const wanted = new Set(items)
    const options = { ttlMs: this.#ttl.processedTtlMs }
    const started = wanted.size === 0 ? await level.batch([]) : undefined
    let startVersion = started?.done === true ? started.version : Number.POSITIVE_INFINITY
    for (const chunk of chunks([...wanted], CHUNK)) {
      const version = await level.putMany(
        chunk.map((item) => [[PROCESSED, item], true] as const),
        options,
      )
      startVersion = Math.min(startVersion, version)
    }
    const keep = new Set([...wanted].map((item) => writeKey([PROCESSED, item])))
    for await (const { key, version } of level.scan(PROCESSED)) {
      if (version > startVersion || keep.has(key)) continue
      // Marked again meanwhile: then it stays.
      await level.batch([{ type: 'delete', key }], { checks: [{ key, version }] })
    }
  }

  async loadProcessedItems(): Promise<Set<string>> {
    const items = new Set<string>()
    for await (const item of this.processedItems()) items.add(item)
    return items
  }

  /** Replaces the state, with `lastUpdated` added to what is stored, not to the caller's object. `name` tells several states apart. */
  async saveState(state: StateMap, name?: string): Promise<void> {
    const level = await this.#level()
    await level.put(stateKey(name), { ...state, lastUpdated: isoNow() }, { ttlMs: this.#ttl.stateTtlMs })
  }

  /** The state as it was saved, `{}` if there is none. */
  async loadState(name?: string): Promise<Record<string, unknown>> {
    return (await (await this.#level()).get<Record<string, unknown>>(stateKey(name))) ?? {}
  }

  /** Merges into the state, field by field; of two at a time neither is lost. */
  async updateState(changes: StateMap, name?: string): Promise<Record<string, unknown>> {
    const level = await this.#level()
    const updated = await updateEntry<Record<string, unknown>>(
      level,
      stateKey(name),
      (old) => ({ ...old, ...changes, lastUpdated: isoNow() }),
      { ttlMs: this.#ttl.stateTtlMs },
    )
    return updated?.value ?? {}
  }

  async clearState(name?: string): Promise<boolean> {
    return (await this.#level()).delete(stateKey(name))
  }

  async saveError(itemId: string, error: unknown, retryCount: number = 0): Promise<void> {
    requireName('The id of an item', itemId)
    if (!Number.isInteger(retryCount) || retryCount < 0) {
      throw new RangeError(`retryCount must be a whole number from 0, not ${retryCount}`)
    }
    const value: ItemError = { itemId, error: errorText(error), retryCount, timestamp: isoNow() }
    await (await this.#level()).put(['errors', itemId], value, { ttlMs: this.#ttl.errorTtlMs })
  }

  async getError(itemId: string): Promise<ItemError | undefined> {
    return (await this.#level()).get<ItemError>(['errors', itemId])
  }

  /** Adds one to the retry count of a saved error and gives it a new life; 0 for an item without an error, which gets none. */
  async incrementRetryCount(itemId: string): Promise<number> {
    const updated = await updateEntry<ItemError>(
      await this.#level(),
      ['errors', itemId],
      (old) => (old === undefined ? undefined : { ...old, retryCount: old.retryCount + 1, timestamp: isoNow() }),
      { ttlMs: this.#ttl.errorTtlMs },
    )
    return updated?.value.retryCount ?? 0
  }

  /** This manager's errors with fewer retries than `maxRetries`. @default 3 */
  async getFailedItems({ maxRetries = 3 }: { readonly maxRetries?: number } = {}): Promise<ItemError[]> {
    const failed: ItemError[] = []
    for await (const { value } of (await this.#level()).scan<ItemError>('errors')) {
      if (value.retryCount < maxRetries) failed.push(value)
    }
    return failed
  }

  /** Forgets one error, or all of this manager, and nothing else. How many there were. */
  async clearErrors(itemId?: string): Promise<number> {
    const level = await this.#level()
    if (itemId !== undefined) return (await level.delete(['errors', itemId])) ? 1 : 0
    let cleared = 0
    let keys: string[] = []
    const clear = async (): Promise<void> => {
      const result = await level.batch(keys.map((key) => ({ type: 'delete', key })))
      if (result.done) cleared += result.results.filter((was) => was === true).length
      keys = []
    }
    for await (const { key } of level.scan('errors')) {
      keys.push(key)
      if (keys.length === CHUNK) await clear()
    }
    if (keys.length > 0) await clear()
    return cleared
  }

  /** Replaces what is known of a session; `createdAt` stays that of the first save. */
  async saveSessionInfo(sessionId: string, info: StateMap): Promise<void> {
    requireName('The id of a session', sessionId)
    await saveSession(await this.#level(), ['session', sessionId], info, this.#ttl.sessionTtlMs)
  }

  async getSessionInfo(sessionId: string): Promise<Record<string, unknown> | undefined> {
    return (await this.#level()).get(['session', sessionId])
  }

  async #level(): Promise<KvStore> {
    return (await this.#store()).child(this.#prefix)
  }

  async #processed(): Promise<KvSet> {
    return (await this.#level()).set(PROCESSED)
  }
}

/**
 * Below `prefix`: `processed_items:{item}`, `state` and `state:{name}`, `errors:{item}`, `session:{id}`.
 *
 * @example
 * const persistence = createPersistenceManager('my_provider')
 * if (await persistence.markProcessed(url)) await persistence.saveState({ currentDate: '2024-01-15' })
 */
export function createPersistenceManager(
  prefix: KvKey = 'persistence',
  options: PersistenceManagerOptions = {},
): PersistenceManager {
  return new PersistenceManager(prefix, options)
}

export async function saveSession(
  level: KvStore,
  key: readonly string[],
  info: StateMap,
  ttlMs: number | null,
): Promise<void> {
  await updateEntry<Record<string, unknown>>(
    level,
    key,
    (old) => ({ ...info, createdAt: old?.['createdAt'] ?? isoNow(), lastUpdated: isoNow() }),
    { ttlMs },
  )
}

const PROCESSED = 'processed_items'
const CHUNK = 500

function stateKey(name: string | undefined): readonly string[] {
  return name === undefined ? ['state'] : ['state', name]
}

function* chunks<T>(items: readonly T[], size: number): Iterable<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size)
}
