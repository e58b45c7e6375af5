import * as store from '@holdfast/txn-store'
import * as conformance from '@holdfast/txn-store/conformance'
import * as pipeline from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'

test('the package exports exactly these names', () => {
  expect(Object.keys(store).sort()).toEqual([
    'CompressedDataError',
    'JsonPatchError',
    'KeyFileError',
    'KeyRing',
    'SealBrokenError',
    'StaleTokenError',
    'StateError',
    'StateLockError',
    'StateReadError',
    'StateTransactionError',
    'StateValidationError',
    'StateWriteError',
    'TxnStore',
    'WrongKeyError',
    'applyPatch',
    'diff',
    'formatPointer',
    'merge',
    'openFileStorage',
    'parsePointer',
  ])
})

test('./pipeline exports exactly these names', () => {
  expect(Object.keys(pipeline).sort()).toEqual([
    'PIPELINE_STATUSES',
    'PIPELINE_STATUS_SYNONYMS',
    'PIPELINE_VERSION',
    'PipelineState',
    'findPhaseNames',
    'listArtifacts',
    'listChunks',
    'pipelineSchema',
    'readStatus',
    'stampPipeline',
    'summarizePipeline',
  ])
})

test('./conformance exports exactly these names', () => {
  expect(Object.keys(conformance).sort()).toEqual(['serveStorage', 'storageConformanceChecks'])
})
