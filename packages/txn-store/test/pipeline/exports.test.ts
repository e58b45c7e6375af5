import * as pipeline from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'

test('the subpath ./pipeline exports exactly these names', () => {
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
