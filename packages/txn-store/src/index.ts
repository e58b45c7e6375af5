export type { StandardSchemaV1 } from '@standard-schema/spec'
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
export type { JsonArray, JsonObject, JsonValue } from './json.js'
export { applyPatch, type JsonPatchOperation } from './json-patch.js'
export type { TxnStoreOptions } from './options.js'
export type { RecordKind, TransactionRecord } from './storage.js'
export type { OpenTransaction, Transaction } from './transaction.js'
export { type RestoreResult, type TransactionOptions, TxnStore } from './txn-store.js'
