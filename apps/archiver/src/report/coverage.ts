import type { Bucket } from './run-axis.js'
import { gapsBetween, type RunRange, subtractRanges } from './run-ranges.js'

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
  /** The lowest and the highest of the runs that are meant. */
  readonly first: number
  readonly last: number
  /** From 0 to 1, whole buckets. */
  readonly from: number
  readonly to: number
  /** How many runs are meant. */
  readonly runs: number
}

/** One line of the strip. Not a single run that is absent, waiting, failed or late goes unmarked, however many share its bucket. */
export interface Row {
  /** All runs of its buckets are here. */
  readonly whole: readonly Stretch[]
  /** Some of them are. */
  readonly partial: readonly Stretch[]
  /** Numbers between the first and the last run here that no run is here for, and none is waiting. */
  readonly unused: readonly Stretch[]
  readonly waiting: readonly Stretch[]
  readonly failed: readonly Stretch[]
  readonly late: readonly Stretch[]
}

/** @param buckets ascending, without overlaps. */
export function coverRow(buckets: readonly Bucket[], { present, waiting, failed, late }: RowRuns): Row {
  const here = fillBuckets(buckets, present)
  const isWhole = ({ first, last, runs }: FilledBucket): boolean => runs === last - first + 1
  return {
    whole: joinNeighbours(here.filter(isWhole)),
    partial: joinNeighbours(here.filter((bucket) => !isWhole(bucket))),
    unused: joinNeighbours(fillBuckets(buckets, subtractRanges(gapsBetween(present), waiting))),
    waiting: joinNeighbours(fillBuckets(buckets, waiting)),
    failed: joinNeighbours(fillBuckets(buckets, failed)),
    late: joinNeighbours(fillBuckets(buckets, late)),
  }
}

interface FilledBucket extends Bucket {
  readonly lowest: number
  highest: number
  runs: number
}

/** Those buckets that hold any of the runs. */
function fillBuckets(buckets: readonly Bucket[], ranges: readonly RunRange[]): FilledBucket[] {
  const filled: FilledBucket[] = []
  let index = 0
  for (const [first, last] of ranges) {
    while (index < buckets.length && (buckets[index]?.last ?? 0) < first) index += 1
    for (let at = index; at < buckets.length; at += 1) {
      const bucket = buckets[at]
      if (bucket === undefined || bucket.first > last) break
      const [lowest, highest] = [Math.max(bucket.first, first), Math.min(bucket.last, last)]
      const before = filled.at(-1)
      if (before?.first === bucket.first) {
        before.highest = highest
        before.runs += highest - lowest + 1
      } else filled.push({ ...bucket, lowest, highest, runs: highest - lowest + 1 })
    }
  }
  return filled
}

function joinNeighbours(filled: readonly FilledBucket[]): Stretch[] {
  const stretches: { first: number; last: number; from: number; to: number; runs: number }[] = []
  let end: number | undefined
  for (const { first, last, from, to, lowest, highest, runs } of filled) {
    const before = stretches.at(-1)
    if (before !== undefined && end === first - 1) {
      before.last = highest
      before.to = to
      before.runs += runs
    } else stretches.push({ first: lowest, last: highest, from, to, runs })
    end = last
  }
  return stretches
}
