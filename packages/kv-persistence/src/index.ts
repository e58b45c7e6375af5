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
export { CircuitBreaker, type CircuitOptions, type CircuitState } from './managers/circuit-breaker.js'
export type { ManagerOptions } from './managers/manager-store.js'
export {
  createPersistenceManager,
  type ItemError,
  PersistenceManager,
  type PersistenceManagerOptions,
  type StateMap,
} from './managers/persistence-manager.js'
export {
  createRetryManager,
  type PlannedRetry,
  RetryManager,
  type RetryManagerOptions,
  type RetryRecord,
} from './managers/retry-manager.js'
export type { ErrorKind } from './managers/retry-policy.js'
export {
  createStateTracker,
  StateTracker,
  type StateTrackerOptions,
  type TrackerSnapshot,
} from './managers/state-tracker.js'
export type { ProcessingStats } from './managers/timing.js'
export { createLeasedQueue, LeasedQueue } from './queue/leased-queue.js'
export type { QueueState } from './queue/queue-record.js'
export type {
  DeadLetter,
  Enqueued,
  EnqueueOptions,
  GiveBack,
  GiveBackOptions,
  Lease,
  LeasedQueueOptions,
  LeaseOptions,
  NewItem,
  QueueTransaction,
} from './queue/queue-types.js'
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
