import { resolve } from 'node:path'
import { ValueCodec } from '../codec/value-codec.js'
import { checkOptions } from '../config/check-options.js'
import {
  DEFAULT_MAX_VALUE_BYTES,
  DEFAULT_SQLITE_PATH,
  DEFAULT_SWEEP_INTERVAL_MS,
  DEFAULT_TIMEOUT_MS,
  type KvStoreOptions,
} from '../config/options.js'
import { type ClockDeps, resolveClock } from '../driver/clock.js'
import type { KvDriver } from '../driver/driver.js'
import { tellOperations } from '../driver/tell-operations.js'
import { CodedStore } from './coded-store.js'
import { writeLevel } from './key.js'
import type { KvStore } from './kv-store.js'
import { StoreCore } from './store-core.js'

/**
 * Opens a store. A SQLite file is made if there is none; a Redis server has to answer within `timeoutMs`.
 *
 * Throws KvConfigError with all mistakes in the options, KvUnavailableError, KvAccessError, and KvCorruptError for a damaged database, which is then
 * set aside, so that the next call starts with an empty one.
 *
 * @example
 * await using store = await createKvStore({ type: 'sqlite', path: 'state/kv.sqlite' })
 * await store.put(['provider', 'state'], { cursor: 'abc' })
 */
export async function createKvStore(options: KvStoreOptions, deps: Partial<ClockDeps> = {}): Promise<KvStore> {
  checkOptions(options)
  const codec = new ValueCodec({
    codec: options.codec ?? 'json',
    compressFromBytes: options.compressFromBytes,
    sealKeys:
      options.encryption === undefined ? [] : [options.encryption.current, ...(options.encryption.previous ?? [])],
    maxValueBytes: options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES,
  })
  const level = writeLevel(options.prefix)
  const driver = tellOperations(await openDriver(options, resolveClock(deps)))
  return new CodedStore(new StoreCore(driver, codec, options.defaultTtlMs ?? null), level)
}

/** The clients of the backends are loaded when one is opened: nobody pays for those not used. */
async function openDriver(options: KvStoreOptions, clock: ClockDeps): Promise<KvDriver> {
  switch (options.type) {
    case 'memory': {
      const { MemoryDriver } = await import('../memory/memory-driver.js')
      return new MemoryDriver(clock)
    }
    case 'sqlite': {
      const { SqliteDriver } = await import('../sqlite/sqlite-driver.js')
      const {
        path = DEFAULT_SQLITE_PATH,
        timeoutMs = DEFAULT_TIMEOUT_MS,
        sweepIntervalMs = DEFAULT_SWEEP_INTERVAL_MS,
      } = options
      return SqliteDriver.open({ path: resolve(path), timeoutMs, sweepIntervalMs }, clock)
    }
    case 'redis': {
      const { RedisDriver } = await import('../redis/redis-driver.js')
      return RedisDriver.open(options)
    }
  }
}
