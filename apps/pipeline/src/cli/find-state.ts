import { resolve } from 'node:path'
import { loadPipeline } from '../definition/load-pipeline.js'
import type { Pipeline } from '../pipeline.js'
import { findStatePath } from '../run/run-pipeline.js'

export interface FoundState {
  /** Absolute. */
  readonly path: string
  /** `undefined` when only the state was named. */
  readonly pipeline: Pipeline | undefined
}

/** The state that a command is about: the one named, else that of the pipeline, else pipeline.json here. @throws DefinitionError */
export async function findState(file: string | undefined, pipelineJson: string | undefined): Promise<FoundState> {
  if (file?.endsWith('.json')) return { path: resolve(pipelineJson ?? file), pipeline: undefined }
  if (file === undefined) return { path: resolve(pipelineJson ?? 'pipeline.json'), pipeline: undefined }
  const pipeline = await loadPipeline(file)
  return { path: findStatePath(pipeline, pipelineJson), pipeline }
}

export const FILE_ARGUMENT = ['[file]', 'the pipeline, or its pipeline.json (default: pipeline.json here)'] as const
