export type { KvCodecName } from './codec/check-value.js'
export { type Environment, kvConfigFromEnv } from './config/env.js'
export type {
  CommonStoreOptions,
  EncryptionKey,
  KvStoreOptions,
  MemoryStoreOptions,
  RedisStoreOptions,
  RedisTlsOptions,
  SqliteStoreOptions,
} from './config/options.js'
export type { ClockDeps } from './driver/clock.js'
export {
  KvAccessError,
  type KvBackend,
  KvClosedError,
  KvConfigError,
  type KvConfigProblem,
  KvCorruptError,
  KvDecodeError,
  KvNumberError,
  KvUnavailableError,
  type KvUnavailableReason,
  KvValueError,
  LeaseLostError,
} from './errors.js'
export { createKvStore } from './store/create-kv-store.js'
export { closeGlobalStore, configureGlobalStore, getGlobalStore } from './store/global-store.js'
export { encodeSegment, type KvKey, MAX_KEY_BYTES, splitKey, writeKey } from './store/key.js'
export type {
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
} from './store/kv-store.js'
