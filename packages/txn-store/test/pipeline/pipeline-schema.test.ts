import { PIPELINE_STATUS_SYNONYMS, PIPELINE_STATUSES, pipelineSchema } from '@holdfast/txn-store/pipeline'
import { describe, expect, test } from 'vitest'

import { harbourNotes, laterPhases, oldForms } from './documents.js'

function problems(document: unknown): string[] {
  const { error } = pipelineSchema.safeParse(document)
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('/')}: ${message}`)
}

function places(document: unknown): string[] {
  return (pipelineSchema.safeParse(document).error?.issues ?? []).map(({ path }) => path.join('/'))
}

describe('pipelineSchema accepts', () => {
  test('a document of form 4.0.0', () => {
    expect(problems(harbourNotes())).toEqual([])
  })

  test('what each phase and a batch keep besides', () => {
    expect(problems(laterPhases())).toEqual([])
  })

  test.each(oldForms)('$form', ({ document }) => {
    expect(problems(document)).toEqual([])
  })

  test.each([...PIPELINE_STATUSES, ...PIPELINE_STATUS_SYNONYMS])(
    'the state %s of a phase, a file and a chunk',
    (status) => {
      const document = {
        phases: { phase1: status },
        phase1: { status, files: { a: { status, chunks: [{ status }] } } },
      }
      expect(problems(document)).toEqual([])
    },
  )

  test('attempts, owner, reason and outcome of a phase, a file and a chunk', () => {
    const item = {
      status: 'failed',
      attempts: 2,
      owner: { pid: 4711, host: 'workshop', started: '2026-03-01T09:00:00Z' },
      reason: 'inputs changed',
      exit_code: 1,
      signal: 'SIGKILL',
      artifacts: { text: { path: 'text.txt', sha256: 'ab', bytes: 3 } },
    }
    expect(problems({ phase1: { ...item, files: { a: { ...item, chunks: [item] } } } })).toEqual([])
  })

  test('any field that it does not know, anywhere', () => {
    const extra = { mood: ['calm'], nested: { deep: null } }
    const item = { ...extra, timestamps: extra, metrics: extra, errors: [extra], owner: extra, chunks: [extra] }
    expect(
      problems({ ...extra, phase1: { ...item, files: { a: item } }, batch_runs: [{ ...extra, files: { a: item } }] }),
    ).toEqual([])
  })
})

describe('pipelineSchema refuses', () => {
  test.each<{ what: string; document: unknown; place: string }>([
    { what: 'a list at the top', document: [], place: '' },
    { what: 'a phase that is a text', document: { phase1: 'not a dict' }, place: 'phase1' },
    { what: 'a phase that is a list', document: { phase5_5: [] }, place: 'phase5_5' },
    { what: 'a phase with a letter that is a number', document: { phaseG: 1 }, place: 'phaseG' },
    { what: 'a state nobody knows', document: { phase1: { status: 'sucess' } }, place: 'phase1/status' },
    { what: 'a state that is a number', document: { phase12: { status: 1 } }, place: 'phase12/status' },
    { what: 'a state nobody knows in phases', document: { phases: { phase1: 'done' } }, place: 'phases/phase1' },
    {
      what: 'a wrong state of a phase that phases names',
      document: { phases: { proofread: 'success' }, proofread: { status: 'fine' } },
      place: 'proofread/status',
    },
    { what: 'files in a list', document: { phase1: { files: [] } }, place: 'phase1/files' },
    { what: 'a file that is a text', document: { phase1: { files: { a: 'x' } } }, place: 'phase1/files/a' },
    {
      what: 'a wrong state of a file',
      document: { phase1: { files: { a: { status: '' } } } },
      place: 'phase1/files/a/status',
    },
    {
      what: 'chunks that are a text',
      document: { phase4: { files: { a: { chunks: 'x' } } } },
      place: 'phase4/files/a/chunks',
    },
    { what: 'a chunk that is a number', document: { phase5: { chunks: [{}, 3] } }, place: 'phase5/chunks/1' },
    {
      what: 'a wrong state of a chunk',
      document: { phase5: { chunks: [{ status: 'x' }] } },
      place: 'phase5/chunks/0/status',
    },
    {
      what: 'a wrong state of a chunk by name',
      document: { phase5: { chunks: { c1: { status: 'x' } } } },
      place: 'phase5/chunks/c1/status',
    },
    {
      what: 'a chunk_id that is a list',
      document: { phase5: { chunks: [{ chunk_id: [] }] } },
      place: 'phase5/chunks/0/chunk_id',
    },
    { what: 'errors that are a text', document: { phase2: { errors: 'boom' } }, place: 'phase2/errors' },
    { what: 'an error that is a number', document: { phase2: { errors: ['a', 4] } }, place: 'phase2/errors/1' },
    {
      what: 'a message that is a list',
      document: { phase2: { errors: [{ message: [] }] } },
      place: 'phase2/errors/0/message',
    },
    { what: 'metrics in a list', document: { phase2: { metrics: [] } }, place: 'phase2/metrics' },
    { what: 'artifacts that are a text', document: { phase2: { artifacts: 'a.txt' } }, place: 'phase2/artifacts' },
    { what: 'timestamps that are a number', document: { phase2: { timestamps: 1 } }, place: 'phase2/timestamps' },
    {
      what: 'a start that is an object',
      document: { phase2: { timestamps: { start: {} } } },
      place: 'phase2/timestamps/start',
    },
    {
      what: 'a duration that is a text',
      document: { phase2: { timestamps: { duration: '1s' } } },
      place: 'phase2/timestamps/duration',
    },
    { what: 'half an attempt', document: { phase2: { attempts: 1.5 } }, place: 'phase2/attempts' },
    { what: 'an owner without a real pid', document: { phase2: { owner: { pid: -1 } } }, place: 'phase2/owner/pid' },
    { what: 'hashes that are no texts', document: { phase1: { hashes: [1] } }, place: 'phase1/hashes/0' },
    { what: 'a version that is a number', document: { pipeline_version: 4 }, place: 'pipeline_version' },
    { what: 'the version of a newer form', document: { pipeline_version: '5.0.0' }, place: 'pipeline_version' },
    { what: 'a file_id that is a number', document: { file_id: 7 }, place: 'file_id' },
    { what: 'a voice that is a number', document: { voice_overrides: { a: 1 } }, place: 'voice_overrides/a' },
    { what: 'batch_runs that are an object', document: { batch_runs: {} }, place: 'batch_runs' },
    {
      what: 'a wrong state in a batch run',
      document: { batch_runs: [{ files: { a: { status: 'x' } } }] },
      place: 'batch_runs/0/files/a/status',
    },
  ])('$what', ({ document, place }) => {
    expect(places(document)).toEqual([place])
  })

  test('several things at once, and names them all', () => {
    const document = {
      pipeline_version: '9.0',
      phase1: 'x',
      phase2: { status: 'x', errors: [1, 'fine', 2], files: { a: { chunks: [{ status: 'x' }, 5] }, b: 1 } },
    }
    expect(places(document)).toEqual([
      'pipeline_version',
      'phase1',
      'phase2/status',
      'phase2/errors/0',
      'phase2/errors/2',
      'phase2/files/a/chunks/0/status',
      'phase2/files/a/chunks/1',
      'phase2/files/b',
    ])
  })

  test('a newer form with the version it knows and what to do', () => {
    expect(problems({ pipeline_version: '5.1.0' })).toEqual([
      'pipeline_version: The document has the form 5.1.0, which is newer than 4.0.0; use a newer program',
    ])
  })
})
