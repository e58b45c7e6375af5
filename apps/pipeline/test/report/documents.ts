import type { PipelineChunk, PipelineDocument } from '@holdfast/txn-store/pipeline'

/** 2026-03-01T08:00:00Z, in seconds. */
export const START_S = 1_772_352_000

/** What would do harm wherever it got into a page as it is. */
export const HOSTILE = `</title><script>document.title='owned'</script><img src=x onerror="alert(1)">"' onclick='x' \u202egpj.exe \u001b[31mred \ud800 &amp;`

export interface ManyItems {
  readonly items: number
  /** Every so many items has failed. @default none */
  readonly failedEach?: number
}

/** A finished run of three phases, the second with items. */
export function makeDocument({ items, failedEach }: ManyItems, fileId = 'harbour'): PipelineDocument {
  const chunks = Array.from({ length: items }, (_, index) => makeChunk(index, failedEach))
  const failed = chunks.filter(({ status }) => status === 'failed').length
  const status = failed === 0 ? 'success' : 'partial'
  return {
    pipeline_version: '4.0.0',
    created_at: '2026-03-01T08:00:00Z',
    last_updated: '2026-03-01T09:00:00Z',
    file_id: fileId,
    input_file: `${fileId}.txt`,
    inputs: { [fileId]: `${fileId}.txt` },
    phases: { phase1: 'success', phase2: status, phase3: failed === 0 ? 'success' : 'skipped' },
    phase1: {
      status: 'success',
      files: {
        [fileId]: {
          status: 'success',
          attempts: 2,
          timestamps: { start: START_S, end: START_S + 12.5, duration: 12.5 },
          artifacts: { text: { path: `audio/${fileId}/text.txt`, bytes: 1234, sha256: 'a'.repeat(64) } },
          log: '.pipeline/logs/phase1-2.log',
          metrics: { words: 812 },
          errors: [{ type: 'ExitCode', message: 'Ended with exit code 7', tail: 'first try' }],
        },
      },
    },
    phase2: {
      status,
      files: {
        [fileId]: {
          status,
          timestamps: { start: START_S + 13, end: START_S + 13 + items, duration: items },
          ...(failed === 0 ? {} : { reason: `${failed} of ${items} items failed` }),
          chunks: chunks as PipelineChunk[],
        },
      },
    },
    phase3: {
      status: failed === 0 ? 'success' : 'skipped',
      files: {
        [fileId]:
          failed === 0
            ? { status: 'success', timestamps: { start: START_S + 14 + items, end: START_S + 20 + items } }
            : { status: 'skipped', reason: 'phase2, which it needs, is done only in part' },
      },
    },
  }
}

function makeChunk(index: number, failedEach: number | undefined): Record<string, unknown> & { status: string } {
  const id = `chunk_${String(index + 1).padStart(5, '0')}`
  const isFailed = failedEach !== undefined && index % failedEach === 0
  const start = START_S + 13 + index
  const common = {
    chunk_id: id,
    attempts: 1,
    timestamps: { start, end: start + 0.5 + (index % 7) / 10 },
    log: `.pipeline/logs/phase2/${id}-1.log`,
  }
  if (!isFailed) {
    const sha256 = String(index).padStart(64, '0')
    return { ...common, status: 'success', artifacts: { audio: { path: `audio/${id}.wav`, bytes: 1000, sha256 } } }
  }
  const errors = [{ type: 'ExitCode', message: 'Ended with exit code 3', tail: `no voice for ${id}` }]
  return { ...common, status: 'failed', reason: 'Ended with exit code 3', errors }
}
