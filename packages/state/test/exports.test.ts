import { expect, test } from 'vitest'
import * as state from '../src/index.js'

test('the package exports these names', () => {
  expect(Object.keys(state).sort()).toMatchInlineSnapshot(`
    [
      "RunProgress",
      "StateCorruptionError",
      "StateReadError",
      "StateWriteError",
      "appendToFailureLog",
      "getIncrementalStartRun",
      "incrementalCandidates",
      "lastContiguousRun",
      "lateRuns",
      "parseRunRecordsFromFile",
      "readState",
      "recoverRunState",
      "updateAttemptedRunState",
      "updateContiguousRunState",
      "writeFailureLog",
      "writeState",
    ]
  `)
})
