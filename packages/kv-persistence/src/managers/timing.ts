import { LogCollapsingLowestDenseDDSketch } from '@datadog/sketches-js'

/** What is stored of the times of one operation. `bins` are `[index, count]` of a DDSketch with this accuracy; zeros are counted apart. */
export interface TimingRecord {
  readonly count: number
  readonly totalTime: number
  readonly minTime: number
  readonly maxTime: number
  readonly lastUpdated: string
  readonly accuracy: number
  readonly zeros: number
  readonly bins: readonly (readonly [number, number])[]
}

/** Times in seconds. */
export interface ProcessingStats {
  readonly count: number
  readonly totalTime: number
  readonly minTime: number
  readonly maxTime: number
  readonly avgTime: number
  /** Within one per cent of the true value. */
  readonly p50: number
  readonly p90: number
  readonly p99: number
  /** ISO-8601 UTC. */
  readonly lastUpdated: string
}

const ACCURACY = 0.01
/** One per cent apart, these reach from nanoseconds to years; below, values run together. */
const MAX_BINS = 2048

export function addTimes(old: TimingRecord | undefined, seconds: readonly number[], lastUpdated: string): TimingRecord {
  const sketch = toSketch(old)
  for (const value of seconds) sketch.accept(value)
  return {
    count: (old?.count ?? 0) + seconds.length,
    totalTime: seconds.reduce((sum, value) => sum + value, old?.totalTime ?? 0),
    minTime: seconds.reduce((least, value) => Math.min(least, value), old?.minTime ?? Number.POSITIVE_INFINITY),
    maxTime: seconds.reduce((most, value) => Math.max(most, value), old?.maxTime ?? 0),
    lastUpdated,
    accuracy: ACCURACY,
    zeros: sketch.zeroCount,
    bins: sketch.store.bins.flatMap((count, index) =>
      count > 0 ? [[index + sketch.store.offset, count] as const] : [],
    ),
  }
}

export function summarize(record: TimingRecord): ProcessingStats {
  const { count, totalTime, minTime, maxTime, lastUpdated } = record
  const sketch = toSketch(record)
  // The sketch's edges are not exact; the known ones are.
  const at = (quantile: number): number => Math.min(maxTime, Math.max(minTime, sketch.getValueAtQuantile(quantile)))
  return {
    count,
    totalTime,
    minTime,
    maxTime,
    avgTime: totalTime / count,
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    lastUpdated,
  }
}

function toSketch(record: TimingRecord | undefined): LogCollapsingLowestDenseDDSketch {
  const sketch = new LogCollapsingLowestDenseDDSketch({
    relativeAccuracy: record?.accuracy ?? ACCURACY,
    binLimit: MAX_BINS,
  })
  if (record === undefined) return sketch
  for (const [index, count] of record.bins) sketch.store.add(index, count)
  sketch.zeroCount = record.zeros
  sketch.count = record.count
  return sketch
}
