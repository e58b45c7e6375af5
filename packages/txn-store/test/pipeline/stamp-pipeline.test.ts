import { type PipelineDocument, pipelineSchema, stampPipeline } from '@holdfast/txn-store/pipeline'
import { expect, test } from 'vitest'

const now = (): number => Date.UTC(2026, 2, 1, 9)

test('stampPipeline() gives a new document its head', () => {
  const document: PipelineDocument = { phase1: { status: 'running' } }
  stampPipeline(document, { now })
  expect(document).toEqual({
    phase1: { status: 'running' },
    pipeline_version: '4.0.0',
    created_at: '2026-03-01T09:00:00.000Z',
    last_updated: '2026-03-01T09:00:00.000Z',
    phases: { phase1: 'running' },
  })
})

test('stampPipeline() keeps what an older document is, and brings the rest up to date', () => {
  const document: PipelineDocument = {
    pipeline_version: '3.0.0',
    created_at: '2025-01-01T00:00:00Z',
    last_updated: '2025-01-01T00:00:00Z',
    phases: { phase1: 'success', phase2: 'success', proofread: 'pending', print: 'pending' },
    print: { status: 'failed' },
    phase1: { status: 'success', files: { a: { status: 'success' }, b: { status: 'error' } } },
  }
  stampPipeline(document, { now })
  expect(document).toMatchObject({
    pipeline_version: '3.0.0',
    created_at: '2025-01-01T00:00:00Z',
    last_updated: '2026-03-01T09:00:00.000Z',
  })
  expect(document.phases).toEqual({ phase1: 'partial', print: 'failed', proofread: 'pending' })
  expect(pipelineSchema.safeParse(document).success).toBe(true)
})

test('stampPipeline() of some phases leaves what is told of the others, and tells of those that nobody told of', () => {
  const document: PipelineDocument = {
    phases: { phase1: 'pending', phase2: 'pending' },
    phase1: { status: 'success' },
    phase2: { status: 'success' },
    phase3: { status: 'failed' },
  }
  stampPipeline(document, { now, phases: ['phase2'] })
  expect(document.phases).toEqual({ phase1: 'pending', phase2: 'success', phase3: 'failed' })
})
