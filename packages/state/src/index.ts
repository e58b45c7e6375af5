export {
  InvalidStatusTransitionError,
  LedgerExistsError,
  LedgerVersionError,
  MissingRootError,
  StateCorruptionError,
  StateReadError,
  StateWriteError,
} from './errors.js'
export { appendToFailureLog, parseRunRecordsFromFile, writeFailureLog } from './failure-log.js'
export type { StateDeps } from './file-io.js'
export { checkLedger } from './ledger/check-file.js'
export type { LedgerCheck, LedgerProblem } from './ledger/check-ledger.js'
export type {
  ClearedRelease,
  ClearOptions,
  ClearResult,
  RetriedRelease,
  RetryOptions,
  RetryResult,
} from './ledger/clear-releases.js'
export { type ConvertOptions, type ConvertResult, convertLedger } from './ledger/convert-ledger.js'
export type { DuplicateGroup, DuplicateReason } from './ledger/duplicates.js'
export type { FailedRelease, LedgerMap, ProcessedRelease, RawEntry } from './ledger/entry.js'
export { CURRENT_SCHEMA_VERSION, type LedgerDocument, migrateState } from './ledger/ledger-document.js'
export type {
  CheckpointOptions,
  ExportOptions,
  LedgerDeps,
  LedgerOptions,
  MarkFailedOptions,
  MarkProcessedOptions,
  ReleaseRef,
} from './ledger/ledger-options.js'
export type { LedgerReader } from './ledger/ledger-reader.js'
export type { LedgerEntryList, LedgerList, LedgerRow, ListOptions } from './ledger/list-releases.js'
export { formatLocalTime, parseLocalTime } from './ledger/local-time.js'
export { findStorageKind, type LedgerStorageKind } from './ledger/open-ledger-storage.js'
export type { PruneOptions, PruneResult } from './ledger/prune.js'
export { identifierOf, type Release } from './ledger/release.js'
export { ReleaseLedger } from './ledger/release-ledger.js'
export {
  ALLOWED_TRANSITIONS,
  RELEASE_STAGES,
  type ReleaseStage,
  ReleaseStatus,
  type TransitionOptions,
  validateTransition,
} from './ledger/release-status.js'
export type { ResumePoint } from './ledger/resume.js'
export { type PathDeps, type PathField, REQUIRED_PATHS, type StaleEntry } from './ledger/staleness.js'
export type { LedgerChange, LedgerSession, LedgerStorage, LedgerView } from './ledger/storage.js'
export type { StateDamage } from './load-progress.js'
export type { StateLogger } from './logger.js'
export type { ProgressValues } from './progress-files.js'
export { lastContiguousRun, type RecoveredRunState, recoverRunState } from './recover-run-state.js'
export type { RunBatch, StartBatchOptions } from './run-batch.js'
export { RunProgress, type RunProgressOptions } from './run-progress.js'
export { incrementalCandidates, lateRuns, type RunSelectionInput } from './run-selection.js'
export type { RunCounters } from './state-document.js'
export {
  type ChangeStateOptions,
  getIncrementalStartRun,
  type ReadStateOptions,
  readState,
  updateAttemptedRunState,
  updateContiguousRunState,
  writeState,
} from './state-file.js'
export type { LockWaitOptions } from './state-lock.js'
