import {
  findPhaseNames,
  isPhaseName,
  isRecord,
  PIPELINE_VERSION,
  type PipelineDocument,
  type RecordedStatus,
} from './pipeline-document.js'
import { summarizePipeline } from './summarize-pipeline.js'

/**
 * Brings a document's head up to date, in a transaction that changed something: `last_updated`, the states of the phases in `phases`, and
 * `pipeline_version` and `created_at` where they are missing.
 *
 * @example await state.transaction((txn) => { txn.data.phase2 = { status: 'running' }; stampPipeline(txn.data) })
 */
export function stampPipeline(
  document: PipelineDocument,
  { now = Date.now }: { readonly now?: () => number } = {},
): void {
  const instant = new Date(now()).toISOString()
  document.pipeline_version ??= PIPELINE_VERSION
  document.created_at ??= instant
  document.last_updated = instant
  const present = findPhaseNames(document).filter((name) => isRecord(document[name]))
  const { phases } = summarizePipeline(document, { phases: present })
  // Phases with numbers are those that are there; others may be named before they begin.
  const announced = Object.entries(document.phases ?? {}).filter(
    ([name]) => !isPhaseName(name) && !present.includes(name),
  )
  const states: [string, RecordedStatus][] = phases.map(({ phase, status }) => [phase, status])
  document.phases = Object.fromEntries([...states, ...announced])
}
