import type { Bucket } from './run-axis.js'
import type { RunRange } from './run-ranges.js'

/** What one place holds, and what it should. All ascending. */
export interface RowRuns {
  readonly present: readonly RunRange[]
  /** At the place before, but not here. */
  readonly waiting: readonly RunRange[]
  readonly failed: readonly RunRange[]
  readonly late: readonly RunRange[]
}

/** Neighbouring buckets that look the same. */
export interface Stretch {
  readonly first: number
  readonly last: number
  readonly from: number
  readonly to: number
  /** How many of the runs are meant. */
  readonly runs: number
}

/** One line of the strip. Not a single run that is absent, waiting, failed or late goes unmarked, however many share its bucket. */
export interface Row {
  /** All runs are here. */
  readonly whole: readonly Stretch[]
  /** Some of them are here; `runs` says how many. */
  readonly partial: readonly Stretch[]
  /** Numbers between the first and the last run here that no run is here for, and none is waiting. */
  readonly unused: readonly Stretch[]
  readonly waiting: readonly Stretch[]
  readonly failed: readonly Stretch[]
  readonly late: readonly Stretch[]
}

export function coverRow(buckets: readonly Bucket[], { present, waiting, failed, late }: RowRuns): Row {
  const [here, wait, fail, old] = [present, waiting, failed, late].map((ranges) => countPerBucket(buckets, ranges))
  const [first, last] = [present[0]?.[0] ?? 0, present.at(-1)?.[1] ?? -1]
  const inside = buckets.map((bucket) => Math.max(0, Math.min(bucket.last, last) - Math.max(bucket.first, first) + 1))
  const insideWaiting = countPerBucket(
    buckets,
    waiting.filter(([from, to]) => from >= first && to <= last),
  )
  const at = (counts: readonly number[] | undefined, index: number): number => counts?.[index] ?? 0
  const size = ({ first, last }: Bucket): number => last - first + 1
  return {
    whole: join(buckets, (bucket, index) => (at(here, index) === size(bucket) ? at(here, index) : 0)),
    partial: join(buckets, (bucket, index) => (at(here, index) < size(bucket) ? at(here, index) : 0)),
    unused: join(buckets, (_, index) => Math.max(0, at(inside, index) - at(here, index) - at(insideWaiting, index))),
    waiting: join(buckets, (_, index) => at(wait, index)),
    failed: join(buckets, (_, index) => at(fail, index)),
    late: join(buckets, (_, index) => at(old, index)),
  }
}

/** Buckets and ranges are ascending, and buckets do not overlap. */
function countPerBucket(buckets: readonly Bucket[], ranges: readonly RunRange[]): number[] {
  const counts = new Array<number>(buckets.length).fill(0)
  let index = 0
  for (const [first, last] of ranges) {
    while (index < buckets.length && (buckets[index]?.last ?? 0) < first) index += 1
    for (let at = index; at < buckets.length; at += 1) {
      const bucket = buckets[at]
      if (bucket === undefined || bucket.first > last) break
      counts[at] = (counts[at] ?? 0) + Math.min(bucket.last, last) - Math.max(bucket.first, first) + 1
    }
  }
  return counts
}

function join(buckets: readonly Bucket[], count: (bucket: Bucket, index: number) => number): Stretch[] {
  const stretches: { first: number; last: number; from: number; to: number; runs: number }[] = []
  for (const [index, bucket] of buckets.entries()) {
    const runs = count(bucket, index)
    if (runs === 0) continue
    const before = stretches.at(-1)
    if (before !== undefined && before.last + 1 === bucket.first) {
      before.last = bucket.last
      before.to = bucket.to
      before.runs += runs
    } else stretches.push({ ...bucket, runs })
  }
  return stretches
}
