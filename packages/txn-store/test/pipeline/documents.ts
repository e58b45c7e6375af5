import type { PipelineDocument } from '@holdfast/txn-store/pipeline'

const envelope = { timestamps: {}, artifacts: {}, metrics: {}, errors: [] }

/** A document of form 4.0.0: the first phase is done, the second one failed. */
export function harbourNotes(): PipelineDocument {
  return {
    pipeline_version: '4.0.0',
    created_at: '2026-03-01T08:00:00Z',
    last_updated: '2026-03-01T08:02:10Z',
    file_id: 'harbour_notes',
    input_file: 'input/harbour_notes.txt',
    tts_profile: null,
    tts_voice: 'narrator_1',
    voice_overrides: { harbour_notes: 'narrator_2' },
    phases: { phase1: 'success', phase2: 'failed' },
    batch_runs: [],
    phase1: {
      ...envelope,
      status: 'success',
      timestamps: { start: 1772352000, end: 1772352001.5, duration: 1.5 },
      hashes: ['9b1d'],
      files: {
        harbour_notes: { ...envelope, status: 'success', file_type: 'txt', title: null, hash: '9b1d', chunks: [] },
      },
    },
    phase2: {
      ...envelope,
      status: 'failed',
      errors: [{ type: 'Timeout', message: 'no output for 60 s', file_id: 'harbour_notes' }],
      files: { harbour_notes: { ...envelope, status: 'failed', errors: ['no output for 60 s'], chunks: [] } },
    },
  }
}

/** Phases 3 to 7, with what each of them keeps in its entries. */
export function laterPhases(): PipelineDocument {
  return {
    phase3: {
      ...envelope,
      status: 'success',
      artifacts: [],
      timestamps: { start: 227677.1, last_completed: 227678.2, duration: 1.1 },
      files: {
        lantern: {
          ...envelope,
          status: 'success',
          artifacts: { text_path: 'text/lantern.txt', chunk_paths: ['chunks/lantern_001.txt'] },
          text_path: 'text/lantern.txt',
          chunk_paths: ['chunks/lantern_001.txt'],
          coherence_scores: [0.9],
          embeddings: [[0.25, -0.5]],
          applied_profile: null,
          chunk_voice_overrides: { chunk_0001: 'narrator_2' },
          source_hash: '77aa',
          chunks: [{ chunk_id: 'chunk_0001', text_len: 12, engine: null, path: 'chunks/lantern_001.txt' }],
        },
      },
      chunks: [],
    },
    phase4: {
      ...envelope,
      status: 'partial',
      files: {
        lantern: {
          ...envelope,
          status: 'partial',
          timestamps: { start: '2026-03-01T09:00:00+00:00', end: '2026-03-01T09:01:30+00:00' },
          engines_used: ['first'],
          total_chunks: 2,
          chunks: [
            { chunk_id: 1, status: 'success', audio_path: 'audio/1.wav', validation: { tier1_passed: true } },
            { chunk_id: 2, status: 'failed', audio_path: null, errors: [{ type: 'Engine', message: 'out of memory' }] },
          ],
        },
      },
    },
    phase5: {
      ...envelope,
      status: 'partial_success',
      artifacts: ['audio/lantern.mp3'],
      chunks: [
        { chunk_id: 1, status: 'complete', wav_path: 'audio/1.wav', lufs_post: -18 },
        { chunk_id: 2, status: 'error', error_message: 'nothing to hear' },
      ],
    },
    phase5_5: { status: 'skipped', timestamp: 1772352001.5, duration: 3, srt_file: null, error: null },
    phase6: { status: 'unknown', run_config: { workers: 1 }, phases_executed: ['phase1'] },
    phase7: null,
    phaseG: { status: 'success' },
    batch_runs: [
      {
        run_id: 'batch_1',
        status: 'partial',
        timestamps: { start: '2026-03-01T08:00:00Z', end: null, duration: null },
        metrics: {},
        errors: [],
        artifacts: [],
        files: {
          lantern: {
            ...envelope,
            status: 'success',
            source_path: 'input/lantern.txt',
            duration_sec: 12.5,
            phase6: { exit_code: 0, stdout_tail: '' },
          },
        },
      },
    ],
  }
}

/** Forms that were in use before 4.0.0, and leavings of other programs. */
export const oldForms: readonly { readonly form: string; readonly document: PipelineDocument }[] = [
  { form: 'an empty document', document: {} },
  { form: 'a phase with nothing but its files', document: { phase1: { files: { lantern: { status: 'success' } } } } },
  {
    form: 'a file without a state',
    document: { phase1: { status: 'success', files: { 'book.pdf': { hash: 'ab' } } } },
  },
  {
    form: 'files at the top level',
    document: { lantern: { phase1: { status: 'completed' }, phase2: { status: 'ok' } } },
  },
  {
    form: 'files beside the fields of a phase',
    document: {
      phase2: { status: 'in_progress', lantern: { status: 'ready', extracted_text_path: 'text/lantern.txt' } },
    },
  },
  {
    form: 'chunks as members of an entry',
    document: {
      phase4: { files: { lantern: { chunk_0001: { status: 'complete' }, chunk_0002: { audio_path: 'a.wav' } } } },
    },
  },
  { form: 'chunks by name', document: { phase4: { chunks: { chunk_0001: { status: 'success' } } } } },
  { form: 'chunks as paths', document: { phase3: { files: { lantern: { chunks: ['chunks/1.txt'] } } } } },
  { form: 'a batch', document: { batch: { status: 'ok', summary: { run_id: 'x' }, files: { lantern: {} } } } },
  { form: 'version 3.0.0', document: { pipeline_version: '3.0.0', phase1: { status: 'success' } } },
  {
    form: 'an envelope of nulls',
    document: { phase1: { status: null, timestamps: null, artifacts: null, errors: null } },
  },
  {
    form: 'something that only sounds like a phase',
    document: { phase_notes: 'two books', phases: {}, phaseless: [1] },
  },
]
