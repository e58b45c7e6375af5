import { type PipelineStatus, readStatus, summarizePipeline } from '@holdfast/txn-store/pipeline'
import { describe, expect, test } from 'vitest'

import { harbourNotes, laterPhases, oldForms } from './documents.js'

function files(...statuses: readonly (string | undefined)[]): Record<string, object> {
  return Object.fromEntries(statuses.map((status, index) => [`file${index}`, status === undefined ? {} : { status }]))
}

function chunks(...statuses: readonly (string | undefined)[]): object[] {
  return statuses.map((status) => (status === undefined ? {} : { status }))
}

/** Phases and their states, as one line. */
function states(document: object, options: Parameters<typeof summarizePipeline>[1] = {}): string {
  return summarizePipeline(document, options)
    .phases.map(({ phase, status }) => `${phase} ${status}`)
    .join(', ')
}

/** What failed and why, a line each. */
function failures(document: object, options: Parameters<typeof summarizePipeline>[1] = {}): string[] {
  return summarizePipeline(document, options).failures.map(
    ({ phase, fileId, chunkId, status, reasons }) =>
      `${[phase, fileId, chunkId].filter((part) => part !== undefined).join('/')} ${status}: ${reasons.join('; ')}`,
  )
}

describe('readStatus()', () => {
  test.each<{ recorded: unknown; status: PipelineStatus | undefined }>([
    { recorded: 'pending', status: 'pending' },
    { recorded: 'running', status: 'running' },
    { recorded: 'in_progress', status: 'running' },
    { recorded: 'success', status: 'success' },
    { recorded: 'complete', status: 'success' },
    { recorded: 'completed', status: 'success' },
    { recorded: 'ok', status: 'success' },
    { recorded: 'ready', status: 'success' },
    { recorded: 'Success', status: 'success' },
    { recorded: 'partial', status: 'partial' },
    { recorded: 'partial_success', status: 'partial' },
    { recorded: 'failed', status: 'failed' },
    { recorded: 'error', status: 'failed' },
    { recorded: 'skipped', status: 'skipped' },
    { recorded: 'unknown', status: 'unknown' },
    { recorded: 'sucess', status: 'unknown' },
    { recorded: 'constructor', status: 'unknown' },
    { recorded: 3, status: 'unknown' },
    { recorded: null, status: undefined },
    { recorded: undefined, status: undefined },
  ])('takes $recorded for $status', ({ recorded, status }) => {
    expect(readStatus(recorded)).toBe(status)
  })
})

describe('summarizePipeline() tells the state of a phase', () => {
  test.each<{ block: object; status: PipelineStatus }>([
    { block: {}, status: 'unknown' },
    { block: { status: 'running' }, status: 'running' },
    { block: { status: 'success' }, status: 'success' },
    { block: { status: 'success', files: files('success', 'skipped') }, status: 'success' },
    { block: { status: 'success', files: files('skipped', 'skipped') }, status: 'success' },
    { block: { status: 'success', files: files('success', 'failed') }, status: 'partial' },
    { block: { status: 'success', files: files('failed', 'failed') }, status: 'failed' },
    { block: { status: 'success', files: files('success', 'pending') }, status: 'partial' },
    { block: { status: 'success', files: files('pending') }, status: 'pending' },
    { block: { status: 'success', files: files('success', 'running') }, status: 'running' },
    { block: { status: 'success', files: files(undefined, undefined) }, status: 'success' },
    { block: { status: 'success', files: files('success', 'whatever') }, status: 'partial' },
    { block: { status: 'failed', files: files('success') }, status: 'failed' },
    { block: { status: 'running', files: files('success') }, status: 'running' },
    { block: { status: 'skipped', files: files('failed') }, status: 'skipped' },
    { block: { files: files('success', 'success') }, status: 'success' },
    { block: { files: files('success', undefined) }, status: 'partial' },
    { block: { files: files('failed', 'pending') }, status: 'failed' },
    { block: { files: files('failed', 'skipped') }, status: 'failed' },
    { block: { files: files('partial', 'failed') }, status: 'partial' },
    { block: { files: files('pending', 'skipped') }, status: 'pending' },
    { block: { files: files('pending', 'unknown') }, status: 'unknown' },
    { block: { files: { a: { status: 'success', chunks: chunks('success', 'failed') } } }, status: 'partial' },
    { block: { files: { a: { status: 'success', chunks: chunks(undefined, undefined) } } }, status: 'success' },
    { block: { files: { a: { chunks: chunks('success', undefined) } } }, status: 'partial' },
    { block: { files: { a: { chunks: chunks('success', 'success') } } }, status: 'success' },
    { block: { status: 'success', chunks: chunks('complete', 'error') }, status: 'partial' },
    {
      block: { files: { a: { chunk_0001: { status: 'complete' }, chunk_0002: { status: 'error' } } } },
      status: 'partial',
    },
  ])('$block: $status', ({ block, status }) => {
    expect(states({ phase1: block })).toBe(`phase1 ${status}`)
  })

  test('beside the one that it has recorded for itself', () => {
    const [phase] = summarizePipeline({ phase1: { status: 'ok', files: files('failed') } }).phases
    expect(phase).toMatchObject({ status: 'failed', recorded: 'success' })
  })

  test('for one file by that file alone', () => {
    const document = { phase1: { status: 'success', files: { a: { status: 'success' }, b: { status: 'failed' } } } }
    expect(states(document, { fileId: 'a' })).toBe('phase1 success')
    expect(states(document, { fileId: 'b' })).toBe('phase1 failed')
    expect(failures(document, { fileId: 'a' })).toEqual([])
  })

  test('as pending for a file that is not listed, whatever the phase says of itself', () => {
    const done = { status: 'success', files: { other: { status: 'success' } } }
    expect(states({ file_id: 'book', phase1: done }, { fileId: 'book' })).toBe('phase1 pending')
    expect(states({ file_id: 'other', phase1: { status: 'success' } }, { fileId: 'book' })).toBe('phase1 pending')
    expect(states({ file_id: 'book', phase1: { status: 'success' } }, { fileId: 'book' })).toBe('phase1 success')
  })
})

describe('summarizePipeline() tells the state of the whole', () => {
  test.each<{ document: object; phases?: string[]; status: PipelineStatus }>([
    { document: {}, status: 'pending' },
    { document: { phase1: { status: 'success' }, phase2: { status: 'skipped' } }, status: 'success' },
    { document: { phase1: { status: 'success' } }, phases: ['phase1', 'phase2'], status: 'partial' },
    { document: { phase1: { status: 'failed' }, phase2: { status: 'running' } }, status: 'running' },
    { document: { phase1: { status: 'success' }, phase2: { status: 'error' } }, status: 'failed' },
    { document: { phase1: { status: 'success' }, phase2: { status: 'partial' } }, status: 'partial' },
    { document: { phase1: { status: 'success' }, phase2: { status: 'what' } }, status: 'partial' },
  ])('$document: $status', ({ document, phases, status }) => {
    expect(summarizePipeline(document, phases === undefined ? {} : { phases }).status).toBe(status)
  })
})

describe('summarizePipeline() finds phases', () => {
  test('by their names, in the order of their numbers', () => {
    const names = ['phaseG', 'phase10', 'phase5_5', 'phase6', 'phase5', 'phase2', 'phase_notes', 'phases']
    const document = Object.fromEntries(names.map((name) => [name, { status: 'success' }]))
    const found = summarizePipeline(document).phases.map(({ phase }) => phase)
    expect(found).toEqual(['phase2', 'phase5', 'phase5_5', 'phase6', 'phase10', 'phaseG'])
  })

  test('that only `phases` names', () => {
    const document = { phases: { proofread: 'pending', phase1: 'success' }, proofread: { status: 'running' } }
    expect(states(document)).toBe('proofread running')
  })

  test('that there should be, in the order of the caller', () => {
    const document = { phase2: { status: 'success' }, phase1: { status: 'success' } }
    const { phases } = summarizePipeline(document, { phases: ['phase2', 'toString', 'phase3'] })
    expect(phases.map(({ phase, status, isPresent }) => [phase, status, isPresent])).toEqual([
      ['phase2', 'success', true],
      ['toString', 'pending', false],
      ['phase3', 'pending', false],
    ])
  })

  test('of files at the top level, as the oldest documents have them', () => {
    const document = { lantern: { phase1: { status: 'completed' }, phase2: { status: 'error', errors: ['empty'] } } }
    expect(states(document)).toBe('phase1 success, phase2 failed')
    expect(failures(document)).toEqual(['phase2/lantern failed: empty'])
  })

  test('but takes none of them for a file at the top level', () => {
    const document = { phase6: { status: 'success', phase1: { status: 'failed' } } }
    expect(states(document)).toBe('phase6 success')
  })

  test('of files at the top level only when the phase does not have them itself', () => {
    const document = {
      lantern: { phase1: { status: 'success' } },
      phase1: { files: { lantern: { status: 'failed' } } },
    }
    expect(states(document)).toBe('phase1 failed')
  })
})

describe('summarizePipeline() tells what failed and why', () => {
  test.each<{ what: string; document: object; told: string[] }>([
    { what: 'nothing', document: { phase1: { status: 'success', errors: ['a warning'] } }, told: [] },
    {
      what: 'a phase',
      document: { phase1: { status: 'error', errors: ['disk full'] } },
      told: ['phase1 failed: disk full'],
    },
    {
      what: 'a file, once, though the phase tells of it, too',
      document: harbourNotes(),
      told: ['phase2/harbour_notes failed: no output for 60 s'],
    },
    {
      what: 'a file by what the phase tells of it',
      document: {
        phase2: {
          status: 'failed',
          errors: [{ message: 'slow', file_id: 'a' }, 'late'],
          files: { a: { status: 'failed' } },
        },
      },
      told: ['phase2/a failed: slow', 'phase2 failed: late'],
    },
    {
      what: 'chunks',
      document: { phase4: laterPhases().phase4, phase5: laterPhases().phase5 },
      told: ['phase4/lantern/2 failed: Engine: out of memory', 'phase5/2 failed: nothing to hear'],
    },
    {
      what: 'chunks by what the file tells of them',
      document: {
        phase4: {
          files: { a: { errors: [{ message: 'no voice', chunk_id: 'c1' }], chunks: { c1: { status: 'failed' } } } },
        },
      },
      told: ['phase4/a/c1 failed: no voice'],
    },
    {
      what: 'how a command ended',
      document: {
        phase1: { status: 'failed', exit_code: 3 },
        phase2: { status: 'failed', signal: 'SIGKILL', exit_code: null },
      },
      told: ['phase1 failed: exit code 3', 'phase2 failed: ended by SIGKILL'],
    },
    {
      what: 'the reason before the errors, and each text once',
      document: {
        phase1: { status: 'failed', reason: 'inputs gone', errors: ['x', 'x', ''], error: 'y', exit_code: 1 },
      },
      told: ['phase1 failed: inputs gone; x; y; exit code 1'],
    },
    {
      what: 'errors of any form',
      document: { phase1: { status: 'failed', errors: [{ code: 7 }, 5, null] } },
      told: ['phase1 failed: {"code":7}; 5'],
    },
    {
      what: 'that nobody wrote down',
      document: { phase1: { status: 'failed', exit_code: 0 } },
      told: ['phase1 failed: '],
    },
    {
      what: 'what was recorded as success and is not',
      document: {
        phase4: { status: 'success', files: { a: { status: 'success', chunks: chunks('success', 'pending') } } },
      },
      told: ['phase4/a partial: recorded as success, but not all of its parts are'],
    },
  ])('$what', ({ document, told }) => {
    expect(failures(document)).toEqual(told)
  })

  test('with the number of attempts', () => {
    const document = { phase1: { files: { a: { status: 'failed', attempts: 3 } } } }
    expect(summarizePipeline(document).failures).toMatchObject([{ fileId: 'a', attempts: 3 }])
  })
})

describe('summarizePipeline() tells how long it took, in seconds', () => {
  test.each<{ block: object; seconds: number | undefined }>([
    { block: {}, seconds: undefined },
    { block: { timestamps: { start: 1772352000, end: 1772352001.5, duration: 1.25 } }, seconds: 1.25 },
    { block: { timestamps: { start: 1772352000, end: 1772352001.5, duration: null } }, seconds: 1.5 },
    { block: { timestamps: { start: 227600.5, last_completed: 227602.5 } }, seconds: 2 },
    { block: { timestamps: { start: '2026-03-01T09:00:00Z', end: '2026-03-01T10:01:30+01:00' } }, seconds: 90 },
    { block: { timestamps: { start: '2026-03-01T09:00:00Z', end: 1772355605 } }, seconds: 5 },
    { block: { timestamps: { start: 227600.5, end: 1772352001 } }, seconds: undefined },
    { block: { timestamps: { start: 10, end: 5 } }, seconds: undefined },
    { block: { timestamps: { start: 'yesterday', end: 5 } }, seconds: undefined },
    { block: { metrics: { duration: 42 } }, seconds: 42 },
    { block: { duration: 3 }, seconds: 3 },
    { block: { files: { a: { timestamps: { duration: 1 } }, b: { timestamps: { duration: 2 } }, c: {} } }, seconds: 3 },
  ])('$block: $seconds', ({ block, seconds }) => {
    expect(summarizePipeline({ phase1: block, phase2: {} }).durationSeconds).toBe(seconds)
  })

  test.each<{ start: unknown; ms: number | undefined }>([
    { start: 1772352000.5, ms: 1772352000500 },
    { start: '2026-03-01T08:00:00Z', ms: 1772352000000 },
    { start: 227600.5, ms: undefined },
    { start: 1772352000000, ms: undefined },
    { start: null, ms: undefined },
  ])('and since when: $start is $ms', ({ start, ms }) => {
    expect(summarizePipeline({ phase1: { timestamps: { start } } }).phases[0]?.startedAtMs).toBe(ms)
  })
})

describe('summarizePipeline()', () => {
  test('tells who works on what', () => {
    const owner = { pid: 4711, host: 'workshop' }
    const document = {
      phase4: { files: { a: { status: 'running', owner, attempts: 2, timestamps: { start: 1772352000 } } } },
    }
    expect(summarizePipeline(document).phases[0]?.files).toMatchObject([
      { fileId: 'a', status: 'running', owner, attempts: 2, startedAtMs: 1772352000000 },
    ])
  })

  test('counts phases, files and chunks', () => {
    const document = {
      phase1: { status: 'success', files: files('success', 'failed', 'error', undefined) },
      phase4: { files: { a: { chunks: chunks('complete', 'failed', 'running', undefined) } } },
    }
    const { phases, phaseCounts } = summarizePipeline(document)
    expect(phaseCounts).toMatchObject({ total: 2, partial: 1, running: 1 })
    expect(phases[0]?.fileCounts).toMatchObject({ total: 4, success: 1, failed: 2, unknown: 1, pending: 0 })
    expect(phases[1]?.files[0]?.chunks).toMatchObject({ total: 4, success: 1, failed: 1, running: 1, unknown: 1 })
  })

  test('tells what the document is about', () => {
    expect(summarizePipeline(harbourNotes())).toMatchObject({
      fileId: 'harbour_notes',
      version: '4.0.0',
      status: 'failed',
    })
    expect(summarizePipeline({})).toMatchObject({ fileId: undefined, version: undefined, phases: [], failures: [] })
  })

  test.each([
    ...oldForms,
    ...[{ phase1: 'x' }, { phase1: { files: [1], chunks: 7, errors: 'boom', timestamps: 3 } }, { phases: 'x' }, []].map(
      (document) => ({ form: `the wrong form ${JSON.stringify(document)}`, document }),
    ),
  ])('reads $form without changing it', ({ document }) => {
    const before = JSON.stringify(document)
    summarizePipeline(document)
    summarizePipeline(document, { phases: ['phase1'], fileId: 'lantern' })
    expect(JSON.stringify(document)).toBe(before)
  })
})
