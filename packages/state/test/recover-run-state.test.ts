import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { incrementalCandidates, lastContiguousRun, lateRuns, recoverRunState } from '../src/index.js'

const runs = fc.array(fc.integer({ min: 0, max: 40 }))

describe('lastContiguousRun', () => {
  test.each<{ runs: number[]; last: number }>([
    { runs: [100, 101, 102, 103, 104, 105], last: 105 },
    { runs: [100, 101, 102, 105, 106, 107], last: 102 },
    { runs: [100, 101, 103, 104, 106, 107], last: 101 },
    { runs: [102, 100, 101, 100], last: 102 },
    { runs: [7], last: 7 },
    { runs: [], last: 0 },
  ])('answers $last for $runs', ({ runs: given, last }) => {
    expect(lastContiguousRun(given)).toBe(last)
  })

  test('counts up from the lowest run as long as the next is there', () => {
    fc.assert(
      fc.property(runs, (given) => {
        let last = given.length === 0 ? 0 : Math.min(...given)
        while (given.includes(last + 1)) last += 1
        expect(lastContiguousRun(given)).toBe(given.length === 0 ? 0 : last)
      }),
    )
  })

  test.each([-1, 0.5, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %s', (bad) => {
    expect(() => lastContiguousRun([1, bad])).toThrow(RangeError)
  })
})

describe('recoverRunState', () => {
  test('finds the counters and the missing runs up to the last attempted one', () => {
    expect(recoverRunState({ source: [100, 101, 102, 103, 104, 105, 106], destination: [104, 100, 101] })).toEqual({
      lastContiguousRun: 101,
      lastAttemptedRun: 104,
      missing: [102, 103],
    })
  })

  test('counts runs below the lowest of the destination as missing', () => {
    expect(recoverRunState({ source: [90, 100], destination: [100] }).missing).toEqual([90])
  })

  test('answers zeros and no failures for an empty destination', () => {
    expect(recoverRunState({ source: [0, 1, 2], destination: [] })).toEqual({
      lastContiguousRun: 0,
      lastAttemptedRun: 0,
      missing: [],
    })
  })

  test('agrees with a plain model for all stores', () => {
    fc.assert(
      fc.property(runs, runs, (source, destination) => {
        const highest = Math.max(0, ...destination)
        const missing = [...Array(41).keys()].filter(
          (run) => destination.length > 0 && run <= highest && source.includes(run) && !destination.includes(run),
        )
        const expected = { lastContiguousRun: lastContiguousRun(destination), lastAttemptedRun: highest, missing }
        expect(recoverRunState({ source: new Set(source), destination })).toEqual(expected)
      }),
    )
  })

  test('handles a million runs', () => {
    const source = Array.from({ length: 1_000_000 }, (_, index) => 1_000_000 - index)
    const recovered = recoverRunState({ source, destination: source.filter((run) => run % 1000 !== 500) })
    expect([recovered.lastContiguousRun, recovered.lastAttemptedRun]).toEqual([499, 1_000_000])
    expect(recovered.missing).toHaveLength(1000)
  })
})

describe('incrementalCandidates and lateRuns', () => {
  test('part the pending runs at the start run', () => {
    const input = { available: [103, 99, 100, 101, 102, 98], destination: [101], failures: [103, 98], startRun: 100 }
    expect(incrementalCandidates(input)).toEqual([102])
    expect(lateRuns(input)).toEqual([99, 100])
  })

  test('leave no run of the source unaccounted for', () => {
    fc.assert(
      fc.property(runs, runs, runs, fc.integer({ min: 0, max: 40 }), (available, destination, failures, startRun) => {
        const input = { available, destination, failures, startRun }
        const both = [...lateRuns(input), ...incrementalCandidates(input)]
        const known = new Set([...both, ...destination, ...failures])
        expect(available.every((run) => known.has(run))).toBe(true)
        expect(both.some((run) => destination.includes(run) || failures.includes(run))).toBe(false)
        expect(both).toEqual([...new Set(both)].sort((a, b) => a - b))
      }),
    )
  })
})
