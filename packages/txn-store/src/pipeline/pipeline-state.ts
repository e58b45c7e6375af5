import type { StoreDeps } from '../file/deps.js'
import type { TxnStoreOptions } from '../options.js'
import { TxnStore } from '../txn-store.js'
import type { PipelineDocument } from './pipeline-document.js'
import { pipelineSchema } from './pipeline-schema.js'
import { type PipelineSummary, type SummaryOptions, summarizePipeline } from './summarize-pipeline.js'

/** Those of a `TxnStore`; the schema is given. */
export type PipelineStateOptions = Omit<TxnStoreOptions<PipelineDocument>, 'schema'>

/**
 * The state of a pipeline: a `TxnStore` of pipeline.json, which commits only what has its form, and tells what is done and what is not.
 *
 * @example
 * await using state = new PipelineState('pipeline.json')
 * await state.transaction((txn) => { txn.data.phase1 = { status: 'success', metrics: { duration: 42 } } })
 * const { status, failures } = await state.summary()
 */
export class PipelineState extends TxnStore<PipelineDocument> {
  /** Nothing is read, made or locked before it is needed. @throws RangeError for an option that cannot be */
  constructor(path: string, options: PipelineStateOptions = {}, deps: StoreDeps = {}) {
    super(path, { ...options, schema: pipelineSchema }, deps)
  }

  /** What the newest commit says about the phases, also when it does not have the form. @throws StateReadError when the document is damaged */
  async summary(options: SummaryOptions = {}): Promise<PipelineSummary> {
    return summarizePipeline(await this.read({ validate: false }), options)
  }
}
