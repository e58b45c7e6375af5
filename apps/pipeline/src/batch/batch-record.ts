/** The record of a batch in `batch_runs` of pipeline.json: saved when it begins and after each input, so that a killed batch has told all that it did. */
import type { PipelineBatchRun, PipelineDocument, PipelineState } from '@holdfast/txn-store/pipeline'
import { isOwnerAlive, type Owner } from '../record/owner.js'
import { isTable } from '../record/unit-record.js'
import type { BatchInput, BatchResult } from './run-batch.js'

export class BatchRecord {
  readonly #state: PipelineState
  readonly #owner: Owner
  readonly #now: () => number

  constructor(state: PipelineState, owner: Owner, now: () => number) {
    this.#state = state
    this.#owner = owner
    this.#now = now
  }

  /** Batches that were killed are told as such. */
  async begin(total: number): Promise<void> {
    await this.#change('batch_begin', (document) => {
      const runs = Array.isArray(document.batch_runs) ? document.batch_runs : []
      for (const run of runs) {
        if (!isTable(run) || run['status'] !== 'running' || isOwnerAlive(run['owner']) !== false) continue
        Object.assign(run, { status: 'failed', reason: 'it was interrupted' })
      }
      const run = {
        run_id: this.#owner.run_id,
        status: 'running',
        owner: { ...this.#owner },
        timestamps: { start: this.#now() / 1000 },
        metrics: { files_total: total, files_completed: 0, files_failed: 0 },
        errors: [],
        artifacts: {},
        files: {},
      }
      document.batch_runs = [...runs, run as PipelineBatchRun]
    })
  }

  async add({ fileId, input, status, started, durationMs, reason, isUnchanged }: BatchInput): Promise<void> {
    await this.#changeRun('batch_input', (run) => {
      const start = Date.parse(started) / 1000
      const files = isTable(run['files']) ? run['files'] : {}
      const entry = {
        status: RECORDED[status],
        source_path: input,
        timestamps: { start, end: start + durationMs / 1000, duration: durationMs / 1000 },
        duration_sec: durationMs / 1000,
        artifacts: {},
        metrics: {},
        errors: reason === undefined ? [] : [{ type: status, message: reason, file_id: fileId }],
        ...(isUnchanged ? { reason: 'unchanged' } : {}),
      }
      run['files'] = { ...files, [fileId]: entry }
      const metrics = isTable(run['metrics']) ? run['metrics'] : {}
      const counted = status === 'success' ? 'files_completed' : 'files_failed'
      run['metrics'] = { ...metrics, [counted]: Number(metrics[counted] ?? 0) + 1 }
    })
  }

  async end(status: BatchResult['status']): Promise<void> {
    await this.#changeRun('batch_end', (run) => {
      const timestamps = isTable(run['timestamps']) ? run['timestamps'] : {}
      const end = this.#now() / 1000
      const start = timestamps['start']
      run['status'] = RECORDED[status]
      run['timestamps'] = { ...timestamps, end, ...(typeof start === 'number' ? { duration: end - start } : {}) }
      if (status === 'cancelled') run['reason'] = 'it was called off'
      delete run['owner']
    })
  }

  async #changeRun(operation: string, change: (run: Record<string, unknown>) => void): Promise<void> {
    await this.#change(operation, (document) => {
      const run = document.batch_runs?.find((candidate) => candidate.run_id === this.#owner.run_id)
      if (!isTable(run)) throw new TypeError(`The state has no batch '${this.#owner.run_id}'`)
      change(run)
    })
  }

  async #change(operation: string, change: (document: PipelineDocument) => void): Promise<void> {
    await this.#state.transaction((txn) => change(txn.data), { operation, validate: false })
  }
}

/** The words of the form. */
const RECORDED = { success: 'success', partial: 'partial', failed: 'failed', cancelled: 'failed' } as const
