import type { RunRange } from '../report/run-ranges.js'

/** Whether a run lies in one of the ranges; without ranges every run does. */
export function isWithin(ranges: readonly RunRange[] | undefined): (run: number) => boolean {
  return (run) => ranges === undefined || ranges.some(([first, last]) => run >= first && run <= last)
}

/**
 * So many of the runs, every set of them equally likely, in the order in which they are given.
 *
 * @param random at least 0, below 1
 */
export function sampleOf(runs: readonly number[], size: number, random: () => number): readonly number[] {
  const sample: number[] = []
  for (const [index, run] of runs.entries())
    if (random() * (runs.length - index) < size - sample.length) sample.push(run)
  return sample
}
