import { describe, expect, test } from 'vitest'
import { contiguousRanges, formatRanges, formatRuns, gapsBetween } from '../../src/report/run-ranges.js'

describe('run ranges', () => {
  test('contiguousRanges() joins neighbours, whatever the order', () => {
    expect(contiguousRanges([5, 3, 4, 9, 3])).toEqual([
      [3, 5],
      [9, 9],
    ])
  })

  test('gapsBetween() gives what is missing in between', () => {
    expect(gapsBetween(contiguousRanges([1, 2, 5, 9]))).toEqual([
      [3, 4],
      [6, 8],
    ])
  })

  test.each([
    [[], 'None'],
    [[100, 101, 102, 103, 104, 105, 107], '100-105, 107'],
    [Array.from({ length: 11 }, (_, index) => index * 2), '0, 2, 4, 6, 8 ... 12, 14, 16, 18, 20 (11 ranges total)'],
  ])('formatRanges(%j)', (runs, text) => {
    expect(formatRanges(contiguousRanges(runs))).toBe(text)
  })

  test.each([
    [[], 'None'],
    [[1, 2, 4], '1, 2, 4'],
    [[1, 2, 3, 4, 5, 6], '1, 2, 3, 4, 5 ... (6 gaps total)'],
  ])('formatRuns(%j) shows the first five', (runs, text) => {
    expect(formatRuns(contiguousRanges(runs), 5)).toBe(text)
  })
})
