import { loadPipeline } from '../definition/load-pipeline.js'
import { selectPhases } from '../definition/select-phases.js'
import { setParams } from '../definition/set-params.js'
import type { Pipeline } from '../pipeline.js'
import type { RunOptions } from '../run/run-pipeline.js'

/** What commander has read of the options that `run`, `batch` and `explain` share. */
export interface GivenRunOptions {
  readonly pipelineJson?: string
  readonly phases?: string
  readonly from?: string
  readonly resume?: boolean
  readonly maxRetries?: number
  readonly set?: readonly string[]
}

export type SharedRunOptions = Pick<
  RunOptions,
  'statePath' | 'phases' | 'resume' | 'maxRetries' | 'params' | 'phaseParams'
>

/** Loads the pipeline and understands the options by it. @throws DefinitionError, SelectionError */
export async function loadForRun(
  file: string,
  { pipelineJson, phases, from, resume = true, maxRetries, set = [] }: GivenRunOptions,
): Promise<{ readonly pipeline: Pipeline; readonly options: SharedRunOptions }> {
  const pipeline = await loadPipeline(file)
  const options = {
    statePath: pipelineJson,
    phases: selectPhases(pipeline, { phases, from }),
    resume,
    maxRetries,
    ...setParams(pipeline, set),
  }
  return { pipeline, options }
}
