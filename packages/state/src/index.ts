export { StateCorruptionError, StateReadError, StateWriteError } from './errors.js'
export { appendToFailureLog, parseRunRecordsFromFile, writeFailureLog } from './failure-log.js'
export type { StateDeps } from './file-io.js'
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
