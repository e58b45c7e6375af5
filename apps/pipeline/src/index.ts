export { type RunDeps, run } from './cli/run.js'
export {
  type CommandPhase,
  definePhase,
  definePipeline,
  type FunctionPhase,
  type PipelineDefinition,
} from './definition/define.js'
export { checkPipeline, loadPipeline } from './definition/load-pipeline.js'
export { findPhase, type Selection, selectPhases } from './definition/select-phases.js'
export {
  AttemptError,
  DefinitionError,
  type FailureKind,
  InputError,
  MissingProgramError,
  RunConflictError,
  SelectionError,
} from './errors.js'
export type { ParamValue, Phase, PhaseContext, Pipeline } from './pipeline.js'
export type { PhaseResult, PhaseStatus, RunEvent } from './run/events.js'
export { type RunOptions, type RunResult, runPipeline } from './run/run-pipeline.js'
