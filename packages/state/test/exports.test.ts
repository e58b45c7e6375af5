import { expect, test } from 'vitest'
import * as state from '../src/index.js'

test('the package exports these names', () => {
  expect(Object.keys(state).sort()).toMatchInlineSnapshot(`
    [
      "ALLOWED_TRANSITIONS",
      "CURRENT_SCHEMA_VERSION",
      "InvalidStatusTransitionError",
      "LedgerExistsError",
      "LedgerVersionError",
      "MissingRootError",
      "RELEASE_STAGES",
      "REQUIRED_PATHS",
      "ReleaseLedger",
      "ReleaseStatus",
      "RunProgress",
      "StateCorruptionError",
      "StateReadError",
      "StateWriteError",
      "appendToFailureLog",
      "checkLedger",
      "convertLedger",
      "findStorageKind",
      "formatLocalTime",
      "getIncrementalStartRun",
      "identifierOf",
      "incrementalCandidates",
      "lastContiguousRun",
      "lateRuns",
      "migrateState",
      "parseLocalTime",
      "parseRunRecordsFromFile",
      "readState",
      "recoverRunState",
      "updateAttemptedRunState",
      "updateContiguousRunState",
      "validateTransition",
      "writeFailureLog",
      "writeState",
    ]
  `)
})
