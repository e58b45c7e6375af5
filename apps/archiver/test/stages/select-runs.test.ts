import { describe, expect, test } from 'vitest'
import { type KnownRuns, type Selection, selectRuns } from '../../src/stages/select-runs.js'

const limits = { batchSize: 2, excludeMostRecentRun: false }
const incremental: Selection = { kind: 'incremental', catchUp: false }

function known(source: number[], destination: number[], failures: number[], startRun: number): KnownRuns {
  return { source: new Set(source), destination: new Set(destination), failures, startRun }
}

describe('selectRuns()', () => {
  test.each<[string, Selection, KnownRuns, object]>([
    [
      'new runs, in order',
      incremental,
      known([9, 7, 8], [], [], 6),
      { batch: [7, 8], remaining: 1, late: [], covered: [7, 8] },
    ],
    ['no failed run', incremental, known([7, 8], [], [7], 6), { batch: [8], remaining: 0, covered: [8] }],
    ['no late run, but names it', incremental, known([5, 7], [], [], 6), { batch: [7], late: [5] }],
    [
      'late runs when asked',
      { kind: 'incremental', catchUp: true },
      known([5, 7, 8], [], [], 6),
      { batch: [5, 7], remaining: 1, late: [] },
    ],
    [
      'everything in a full execution, failed runs too',
      { kind: 'full' },
      known([3, 7], [], [3], 6),
      { batch: [3, 7], late: [] },
    ],
    ['failed runs in a retry', { kind: 'retry' }, known([3, 5, 7], [5], [3, 5], 6), { batch: [3], covered: [3] }],
    [
      'nothing when all have arrived, and covers them',
      incremental,
      known([7, 8], [7, 8], [], 6),
      { batch: [], covered: [7, 8] },
    ],
    [
      'arrived runs only below what is left',
      incremental,
      known([7, 8, 9, 10, 11], [8, 11], [], 6),
      { batch: [7, 9], remaining: 1, covered: [7, 8, 9] },
    ],
  ])('takes %s', (_, selection, runs, expected) => {
    expect(selectRuns(selection, runs, limits)).toMatchObject(expected)
  })

  test('a full execution takes failed runs after all others', () => {
    const source = Array.from({ length: 25 }, (_, index) => 100 + index)
    const selected = selectRuns({ kind: 'full' }, known(source, [], source.slice(0, 20), 119), limits)
    expect(selected.batch).toEqual([...source.slice(0, 15), ...source.slice(20)])
    expect(selected.remaining).toBe(5)
  })

  test('leaves the newest candidate when it is excluded', () => {
    const selected = selectRuns(incremental, known([7, 8], [], [], 6), { batchSize: 5, excludeMostRecentRun: true })
    expect(selected).toEqual({ batch: [7], remaining: 1, late: [], covered: [7] })
  })
})
