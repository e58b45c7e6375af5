import type { RunEvent } from '../stages/run-events.js'
import type { StageKey } from './find-discrepancies.js'
import type { StatusReport } from './status-report.js'

/** A run of a failure log, with what the history tells of it. */
export interface FailureEntry {
  readonly stage: StageKey
  readonly run: number
  /** All attempts of all executions that the history knows; `undefined` when it knows none. */
  readonly attempts: number | undefined
  /** Of the first failure since the run last succeeded, if it ever did. */
  readonly sinceMs: number | undefined
  readonly lastMs: number | undefined
  readonly error: string | undefined
  readonly errorCode: string | undefined
}

const STAGE_NAMES = { import: 'Import', migration: 'Migration' } as const

/** Every run of both failure logs, those that failed last first. The history may be in any order. */
export function listFailures(stages: StatusReport['stages'], events: readonly RunEvent[]): FailureEntry[] {
  if (stages === undefined) return []
  const entries = (['import', 'migration'] as const).flatMap((stage) => {
    const failed = new Set(stages[stage].failures)
    const histories = new Map<number, RunEvent[]>()
    if (failed.size > 0) {
      for (const event of events) {
        if (event.stage !== STAGE_NAMES[stage] || !failed.has(event.run)) continue
        const history = histories.get(event.run)
        if (history === undefined) histories.set(event.run, [event])
        else history.push(event)
      }
    }
    return stages[stage].failures.map((run) => describeFailure(stage, run, histories.get(run) ?? []))
  })
  return entries.sort((one, other) => (other.lastMs ?? 0) - (one.lastMs ?? 0) || one.run - other.run)
}

function describeFailure(stage: StageKey, run: number, history: readonly RunEvent[]): FailureEntry {
  const ordered = history
    .map((event) => ({ event, ms: Date.parse(event.at) }))
    .filter(({ ms }) => !Number.isNaN(ms))
    .sort((one, other) => one.ms - other.ms)
  const since = ordered.slice(ordered.findLastIndex(({ event }) => event.outcome === 'succeeded') + 1)
  const last = since.at(-1)
  return {
    stage,
    run,
    attempts: since.length === 0 ? undefined : since.reduce((sum, { event }) => sum + event.attempts, 0),
    sinceMs: since[0]?.ms,
    lastMs: last?.ms,
    error: last?.event.error,
    errorCode: last?.event.errorCode,
  }
}
