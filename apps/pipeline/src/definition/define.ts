import type { PhaseContext } from '../pipeline.js'
import type { PhaseInput, PipelineInput } from './definition-schema.js'

type PhaseFields = Omit<Extract<PhaseInput, { run: unknown }>, 'run'>

/** A phase that is a function: what it returns is ignored, what it throws is why it failed. */
export interface FunctionPhase extends PhaseFields {
  readonly run: (context: PhaseContext) => unknown
}

export type CommandPhase = Exclude<PhaseInput, { run: unknown }>

export interface PipelineDefinition extends Omit<PipelineInput, 'phases'> {
  readonly phases: readonly (FunctionPhase | CommandPhase)[]
}

/**
 * One phase in TypeScript, with the types of what it gets. It is checked when the pipeline is loaded.
 *
 * @example const count = definePhase({ id: 'phase1', outputs: { total: 'out/${file_id}.txt' }, run: async ({ input, targets }) => { … } })
 */
export function definePhase<P extends FunctionPhase | CommandPhase>(phase: P): P {
  return phase
}

/**
 * A pipeline in TypeScript, the same as a YAML file but for phases that are functions. The default export of a module is run by `pipeline run`.
 *
 * @example export default definePipeline({ name: 'audiobook', phases: [count] })
 */
export function definePipeline(definition: PipelineDefinition): PipelineDefinition {
  return definition
}
