import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { coverRow, type Stretch } from '../../src/report/coverage.js'
import { makeRunAxis } from '../../src/report/run-axis.js'
import {
  contiguousRanges,
  countRuns,
  intersectRanges,
  type RunRange,
  subtractRanges,
} from '../../src/report/run-ranges.js'

const smallRuns = fc.uniqueArray(fc.integer({ min: 1, max: 60 }))
const anyRuns = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 3_000 }), fc.integer({ min: 1, max: 2 ** 40 })), {
  maxLength: 300,
})
const runsOf = (ranges: readonly RunRange[]): number[] =>
  ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index))
const ascending = (runs: Iterable<number>): number[] => [...runs].sort((a, b) => a - b)

describe('sets of ranges', () => {
  test('subtractRanges() and intersectRanges() do what sets do, and give whole ranges', () => {
    fc.assert(
      fc.property(smallRuns, smallRuns, (some, others) => {
        const [one, other] = [contiguousRanges(some), contiguousRanges(others)]
        const [difference, common] = [subtractRanges(one, other), intersectRanges(one, other)]
        expect(runsOf(difference)).toEqual(ascending(new Set(some).difference(new Set(others))))
        expect(runsOf(common)).toEqual(ascending(new Set(some).intersection(new Set(others))))
        expect(difference).toEqual(contiguousRanges(runsOf(difference)))
      }),
    )
  })
})

describe('makeRunAxis()', () => {
  test('gives every run exactly one bucket, in order, on a line from 0 to 1, with at most 1000 buckets', () => {
    fc.assert(
      fc.property(anyRuns, (runs) => {
        const axis = makeRunAxis(contiguousRanges(runs))
        expect(axis === undefined).toBe(runs.length === 0)
        if (axis === undefined) return
        for (const run of runs)
          expect(axis.buckets.filter(({ first, last }) => first <= run && run <= last)).toHaveLength(1)
        expect(axis.buckets.length).toBeLessThanOrEqual(1000)
        let [end, place] = [Number.NEGATIVE_INFINITY, 0]
        for (const { first, last, from, to } of axis.buckets) {
          expect(first).toBeGreaterThan(end)
          expect(last).toBeGreaterThanOrEqual(first)
          expect(from).toBeGreaterThanOrEqual(place - 1e-9)
          expect(to).toBeGreaterThan(from)
          end = last
          place = to
        }
        expect(place).toBeCloseTo(1, 6)
        for (const tick of axis.ticks) expect(tick.place >= 0 && tick.place <= 1).toBe(true)
        expect(axis.ticks.length).toBeLessThanOrEqual(12)
      }),
    )
  })

  test('cuts out what no store knows, and says which numbers', () => {
    const axis = makeRunAxis([
      [1, 40],
      [12_000, 12_080],
    ])
    expect(axis?.cuts).toMatchObject([{ first: 41, last: 11_999 }])
    expect(axis?.ticks.map(({ run }) => run)).toEqual([1, 20, 40, 12_020, 12_040, 12_060, 12_080])
  })
})

test('coverRow() counts every run once, whatever shares its bucket', () => {
  fc.assert(
    fc.property(anyRuns, fc.func(fc.integer({ min: 0, max: 4 })), (runs, choose) => {
      const of = (...kinds: number[]): RunRange[] => contiguousRanges(runs.filter((run) => kinds.includes(choose(run))))
      const axis = makeRunAxis(contiguousRanges(runs))
      if (axis === undefined) return
      const given = { present: of(0, 1), waiting: of(2, 3, 4), failed: of(3), late: of(4) }
      const row = coverRow(axis.buckets, given)
      const sum = (stretches: readonly Stretch[]): number => stretches.reduce((total, one) => total + one.runs, 0)
      expect(sum(row.whole) + sum(row.partial)).toBe(countRuns(given.present))
      for (const kind of ['waiting', 'failed', 'late'] as const) {
        expect(sum(row[kind])).toBe(countRuns(given[kind]))
        for (const [first, last] of given[kind])
          expect(row[kind].some((one) => one.first <= first && last <= one.last)).toBe(true)
      }
      for (const { first, last, runs: count } of row.whole) expect(count).toBe(last - first + 1)
    }),
  )
})
