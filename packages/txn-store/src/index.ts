export type { StandardSchemaV1 } from '@standard-schema/spec'
export { CompressedDataError, type CompressionAlgorithm } from './compression.js'
export { diff } from './diff.js'
export {
  StaleTokenError,
  StateError,
  type StateIssue,
  StateLockError,
  StateReadError,
  StateTransactionError,
  StateValidationError,
  StateWriteError,
} from './errors.js'
export type { StoreEventName, StoreEvents } from './events.js'
export type { StoreDeps } from './file/deps.js'
export type { HistoryProblem, HistoryVerification } from './file/verify-history.js'
export type { JsonArray, JsonObject, JsonValue } from './json.js'
export { type AnyJsonPatchOperation, applyPatch, JsonPatchError, type JsonPatchOperation } from './json-patch.js'
export { formatPointer, parsePointer } from './json-path.js'
export { KeyRing, type KeyRingOptions } from './key-ring.js'
export { type MergeConflict, type MergeResult, merge } from './merge.js'
export { openFileStorage, type StorageOptions } from './open-storage.js'
export type { RestoreResult, TransactionOptions, TxnStoreOptions } from './options.js'
export type { ReplicaOptions, ReplicaStatus } from './replica.js'
export { KeyFileError, SealBrokenError, WrongKeyError } from './sealing-errors.js'
export type {
  AcquireOptions,
  Commit,
  CommitEntry,
  Committed,
  DocumentStorage,
  NoteEntry,
  RecordKind,
  StorageSession,
  StoredDocument,
  TransactionRecord,
} from './storage.js'
export type { OpenTransaction, Transaction } from './transaction.js'
export { TxnStore } from './txn-store.js'
export type { WatchOptions } from './watch.js'
