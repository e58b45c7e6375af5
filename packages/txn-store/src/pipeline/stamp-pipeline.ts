import {
  findPhaseNames,
  isPhaseName,
  isRecord,
  PIPELINE_VERSION,
  type PipelineDocument,
  type RecordedStatus,
} from './pipeline-document.js'
import { summarizePipeline } from './summarize-pipeline.js'

export interface StampOptions {
  readonly now?: () => number
  /** The phases that the transaction changed: the states of the others stay as they are told. @default all */
  readonly phases?: readonly string[]
}

/**
 * Brings a document's head up to date, in a transaction that changed something: `last_updated`, the states of the phases in `phases`, and
 * `pipeline_version` and `created_at` where they are missing.
 *
 * @example await state.transaction((txn) => { txn.data.phase2 = { status: 'running' }; stampPipeline(txn.data) })
 */
export function stampPipeline(
  document: PipelineDocument,
  { now = Date.now, phases: changed }: StampOptions = {},
): void {
  const instant = new Date(now()).toISOString()
  document.pipeline_version ??= PIPELINE_VERSION
  document.created_at ??= instant
  document.last_updated = instant
  const present = findPhaseNames(document).filter((name) => isRecord(document[name]))
  const told = document.phases ?? {}
  const stale = changed === undefined ? present : present.filter((name) => changed.includes(name) || !told[name])
  const { phases } = summarizePipeline(document, { phases: stale })
  const found = new Map(phases.map(({ phase, status }) => [phase, status]))
  // Phases with numbers are those that are there; others may be named before they begin.
  const announced = Object.entries(told).filter(([name]) => !isPhaseName(name) && !present.includes(name))
  const states: [string, RecordedStatus][] = present.map((name) => [name, found.get(name) ?? told[name] ?? 'pending'])
  document.phases = Object.fromEntries([...states, ...announced])
}
