import type { RunEvent } from '../stages/run-events.js'
import type { StageKey } from './find-discrepancies.js'
import type { StatusReport } from './status-report.js'

/** A run of a failure log, with what the history tells of it. */
export interface FailureEntry {
  readonly stage: StageKey
  readonly run: number
  /** All attempts since the run last succeeded, if it ever did; `undefined` when the history knows none. */
  readonly attempts: number | undefined
  /** When the first of them failed. */
  readonly sinceMs: number | undefined
  readonly lastMs: number | undefined
  readonly error: string | undefined
  readonly errorCode: string | undefined
}

const STAGE_NAMES = { import: 'Import', migration: 'Migration' } as const

/**
 * Every run of both failure logs, those that failed last first. The history may be in any order; events without a time that can be read do not count.
 *
 * @param times of the events, in epoch milliseconds.
 */
export function listFailures(
  stages: StatusReport['stages'],
  events: readonly RunEvent[],
  times: Readonly<Float64Array>,
): FailureEntry[] {
  if (stages === undefined) return []
  const entries = (['import', 'migration'] as const).flatMap((stage) =>
    describeFailures(stage, stages[stage].failures, events, times),
  )
  return entries.sort((one, other) => (other.lastMs ?? 0) - (one.lastMs ?? 0) || one.run - other.run)
}

interface Found {
  attempts: number
  sinceMs: number
  lastMs: number
  last: RunEvent
}

function describeFailures(
  stage: StageKey,
  failures: readonly number[],
  events: readonly RunEvent[],
  times: Readonly<Float64Array>,
): FailureEntry[] {
  const failed = new Set(failures)
  const lastSuccess = new Map<number, number>()
  const found = new Map<number, Found>()
  const forEach = (outcome: RunEvent['outcome'], visit: (event: RunEvent, ms: number) => void): void => {
    if (failed.size === 0) return
    for (const [index, event] of events.entries()) {
      const ms = times[index] ?? Number.NaN
      if (event.outcome !== outcome || event.stage !== STAGE_NAMES[stage] || Number.isNaN(ms)) continue
      if (failed.has(event.run)) visit(event, ms)
    }
  }
  forEach('succeeded', ({ run }, ms) => {
    lastSuccess.set(run, Math.max(ms, lastSuccess.get(run) ?? ms))
  })
  forEach('failed', (event, ms) => {
    if (ms <= (lastSuccess.get(event.run) ?? Number.NEGATIVE_INFINITY)) return
    const known = found.get(event.run)
    if (known === undefined) {
      found.set(event.run, { attempts: event.attempts, sinceMs: ms, lastMs: ms, last: event })
      return
    }
    known.attempts += event.attempts
    if (ms < known.sinceMs) known.sinceMs = ms
    if (ms < known.lastMs) return
    known.lastMs = ms
    known.last = event
  })
  return failures.map((run) => {
    const known = found.get(run)
    return {
      stage,
      run,
      attempts: known?.attempts,
      sinceMs: known?.sinceMs,
      lastMs: known?.lastMs,
      error: known?.last.error,
      errorCode: known?.last.errorCode,
    }
  })
}
