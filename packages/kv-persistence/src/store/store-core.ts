import type { ValueCodec } from '../codec/value-codec.js'
import type { KvDriver } from '../driver/driver.js'
import { KvClosedError } from '../errors.js'
import { MAX_KEY_BYTES } from './key.js'
import { resolveTtl } from './ttl.js'

/** What a store and its children have in common. */
export class StoreCore {
  readonly codec: ValueCodec
  readonly #driver: KvDriver
  readonly #defaultTtlMs: number | null
  readonly #closing: AbortController = new AbortController()
  #closed: Promise<void> | undefined

  constructor(driver: KvDriver, codec: ValueCodec, defaultTtlMs: number | null) {
    this.#driver = driver
    this.codec = codec
    this.#defaultTtlMs = defaultTtlMs
  }

  /** Throws KvClosedError after `close`. */
  driver(): KvDriver {
    if (this.#closed !== undefined) throw new KvClosedError(this.#driver.backend)
    return this.#driver
  }

  get backend(): KvDriver['backend'] {
    return this.#driver.backend
  }

  /** Aborted by `close`. */
  get closing(): AbortSignal {
    return this.#closing.signal
  }

  ttl(ttlMs: number | null | undefined): number | null {
    return resolveTtl(ttlMs, this.#defaultTtlMs)
  }

  /** A whole key, prefix and all, has to fit too. */
  physical(key: string): string {
    if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw new RangeError(`A key with its prefix must have at most ${MAX_KEY_BYTES} bytes: '${key.slice(0, 60)}…'`)
    }
    return key
  }

  async close(): Promise<void> {
    this.#closed ??= this.#driver.close()
    this.#closing.abort(new KvClosedError(this.#driver.backend))
    await this.#closed
  }
}
