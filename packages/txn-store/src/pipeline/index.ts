export type { PipelineFailure } from './find-failures.js'
export { listArtifacts, type PipelineArtifact } from './item-facts.js'
export {
  findPhaseNames,
  PIPELINE_STATUS_SYNONYMS,
  PIPELINE_STATUSES,
  PIPELINE_VERSION,
  type PipelineBatchRun,
  type PipelineChunk,
  type PipelineChunks,
  type PipelineDocument,
  type PipelineErrorEntry,
  type PipelineFileEntry,
  type PipelineItem,
  type PipelineOwner,
  type PipelinePhase,
  type PipelineTimestamps,
  type RecordedStatus,
} from './pipeline-document.js'
export { pipelineSchema } from './pipeline-schema.js'
export { PipelineState, type PipelineStateOptions } from './pipeline-state.js'
export { type PipelineStatus, readStatus, type StatusCounts } from './pipeline-status.js'
export { type StampOptions, stampPipeline } from './stamp-pipeline.js'
export { type ChunkEntry, type ItemSummary, listChunks } from './summarize-item.js'
export {
  type FileSummary,
  type PhaseSummary,
  type PipelineSummary,
  type SummaryOptions,
  summarizePipeline,
} from './summarize-pipeline.js'
