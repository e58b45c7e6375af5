import type { Change } from '../driver/driver.js'
import { encodeSegment, splitKey } from './key.js'
import type { KvSet, OperationOptions, WriteOptions } from './kv-store.js'
import { scanLevel } from './scan-level.js'
import type { StoreCore } from './store-core.js'

/** Members in one commit. */
const CHUNK = 500

/** A set of texts: each member is the key `{level}{member}`, with the value true. */
export class KeySet implements KvSet {
  readonly #core: StoreCore
  readonly #level: string

  constructor(core: StoreCore, level: string) {
    this.#core = core
    this.#level = level
  }

  async add(members: string | Iterable<string>, options: WriteOptions = {}): Promise<number> {
    const ttlMs = this.#core.ttl(options.ttlMs)
    return this.#change(members, options, (key) => ({
      type: 'add',
      key,
      payload: this.#core.codec.encode(true, key),
      ttlMs,
    }))
  }

  async has(member: string, { signal }: OperationOptions = {}): Promise<boolean> {
    const [entry] = await this.#core.driver().read([this.#keyOf(member)], signal)
    return entry !== undefined
  }

  async *members({ signal }: OperationOptions = {}): AsyncIterableIterator<string> {
    for await (const { key } of scanLevel(this.#core, this.#level, signal)) {
      const segments = splitKey(key.slice(this.#level.length))
      if (segments.length === 1) yield segments[0] ?? ''
    }
  }

  async remove(members: string | Iterable<string>, options: OperationOptions = {}): Promise<number> {
    return this.#change(members, options, (key) => ({ type: 'delete', key }))
  }

  async #change(
    members: string | Iterable<string>,
    { signal }: OperationOptions,
    make: (key: string) => Change,
  ): Promise<number> {
    if (members === undefined || members === null) throw new TypeError(`Members of a set must be text, not ${members}`)
    const keys = new Set([...(typeof members === 'string' ? [members] : members)].map((member) => this.#keyOf(member)))
    const changes = [...keys].map(make)
    let changed = 0
    for (let start = 0; start < changes.length; start += CHUNK) {
      const outcome = await this.#core
        .driver()
        .commit({ checks: [], changes: changes.slice(start, start + CHUNK) }, signal)
      if (outcome.status === 'done') changed += outcome.results.reduce((sum, result) => sum + result, 0)
    }
    return changed
  }

  #keyOf(member: string): string {
    return this.#core.physical(`${this.#level}${encodeSegment(member)}`)
  }
}
