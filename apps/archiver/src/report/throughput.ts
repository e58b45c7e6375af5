import type { RunEvent } from '../stages/run-events.js'

export interface StageThroughput {
  readonly stage: RunEvent['stage']
  readonly succeeded: number
  readonly failed: number
  readonly medianMs: number
  /** Nine of ten runs took less. */
  readonly slowMs: number
  readonly bytes: number | undefined
  readonly lastSuccess: { readonly atMs: number; readonly run: number } | undefined
}

export interface ThroughputBar {
  readonly startMs: number
  readonly counts: Readonly<Record<RunEvent['stage'], { readonly succeeded: number; readonly failed: number }>>
}

export interface Throughput {
  readonly unit: 'hour' | 'day' | 'week'
  /** One for every hour, day or week up to the newest event, also when nothing happened in it. */
  readonly bars: readonly ThroughputBar[]
  readonly stages: readonly StageThroughput[]
  /** Events before the first bar. */
  readonly older: number
}

const HOUR_MS = 3_600_000
const UNITS = [
  { unit: 'hour', ms: HOUR_MS, max: 72 },
  { unit: 'day', ms: 24 * HOUR_MS, max: 92 },
  { unit: 'week', ms: 168 * HOUR_MS, max: 104 },
] as const
/** Weeks begin on Monday; the epoch was a Thursday. */
const MONDAY_MS = 4 * 24 * HOUR_MS

/** `undefined` when there are no events. Takes any number of them, in any order; those without a time that can be read do not count. @param times of the events, in epoch milliseconds. */
export function measureThroughput(events: readonly RunEvent[], times: Readonly<Float64Array>): Throughput | undefined {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const time of times) {
    if (time < first) first = time
    if (time > last) last = time
  }
  if (last < first) return undefined
  const { unit, ms, max } = UNITS.find(({ ms, max }) => (last - first) / ms < max - 1) ?? UNITS[2]
  const offset = unit === 'week' ? MONDAY_MS : 0
  const startOf = (time: number): number => Math.floor((time - offset) / ms) * ms + offset
  const firstBar = Math.max(startOf(first), startOf(last) - (max - 1) * ms)
  const count = Math.round((startOf(last) - firstBar) / ms) + 1
  const bars = Array.from({ length: count }, (_, index) => ({
    startMs: firstBar + index * ms,
    counts: { Import: { succeeded: 0, failed: 0 }, Migration: { succeeded: 0, failed: 0 } },
  }))
  let older = 0
  for (const [index, { stage, outcome }] of events.entries()) {
    const time = times[index] ?? Number.NaN
    if (Number.isNaN(time)) continue
    const counts = bars[Math.floor((time - firstBar) / ms)]?.counts[stage]
    if (counts === undefined) older += 1
    else counts[outcome] += 1
  }
  const stages = (['Import', 'Migration'] as const).map((stage) => measureStage(stage, events, times))
  return { unit, bars, stages, older }
}

function measureStage(
  stage: RunEvent['stage'],
  events: readonly RunEvent[],
  times: Readonly<Float64Array>,
): StageThroughput {
  let [succeeded, failed, bytes] = [0, 0, 0]
  let knowsBytes = false
  let lastSuccess: StageThroughput['lastSuccess']
  const durations: number[] = []
  for (const [index, event] of events.entries()) {
    const atMs = times[index] ?? Number.NaN
    if (event.stage !== stage || Number.isNaN(atMs)) continue
    if (event.outcome === 'failed') {
      failed += 1
      continue
    }
    succeeded += 1
    durations.push(event.durationMs)
    if (event.bytes !== undefined) {
      bytes += event.bytes
      knowsBytes = true
    }
    if (atMs >= (lastSuccess?.atMs ?? Number.NEGATIVE_INFINITY)) lastSuccess = { atMs, run: event.run }
  }
  const sorted = Float64Array.from(durations).sort()
  const quantile = (part: number): number => sorted[Math.ceil(part * sorted.length) - 1] ?? 0
  return {
    stage,
    succeeded,
    failed,
    medianMs: quantile(0.5),
    slowMs: quantile(0.9),
    bytes: knowsBytes ? bytes : undefined,
    lastSuccess,
  }
}
