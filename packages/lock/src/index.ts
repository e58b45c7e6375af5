export type { LockDeps } from './deps.js'
export { type DescriptorLockOptions, lockDescriptor } from './descriptor-lock.js'
export {
  LockExistsError,
  LockFileError,
  LockLostError,
  type LockLostReason,
  LockTimeoutError,
  LockUnsupportedError,
} from './errors.js'
export { FileLock, type LockOptions, type MonitorOptions, type PreviousHolder } from './file-lock.js'
export type { LockHolder } from './lock-record.js'
export { withLock } from './with-lock.js'
