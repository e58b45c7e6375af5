import type { Timing } from './in-turns.ts'

/** One line of the table of targets. */
export interface Verdict {
  readonly work: string
  readonly measured: number
  readonly comparison: 'at least' | 'less than' | 'exactly'
  readonly target: number
  readonly unit?: string
}

export function printTimings(title: string, timings: readonly Timing[]): void {
  const [first] = timings
  console.log(`\n${title}, ${first?.rounds ?? 0} rounds`)
  console.table(
    Object.fromEntries(
      timings.map(({ name, medianMs, meanMs, p99Ms }) => [
        name,
        {
          'median µs': Math.round(medianMs * 1000),
          'mean µs': Math.round(meanMs * 1000),
          'p99 µs': Math.round(p99Ms * 1000),
          'rate, first row = 1': round((first?.medianMs ?? Number.NaN) / medianMs),
        },
      ]),
    ),
  )
}

export function printVerdicts(verdicts: readonly Verdict[]): void {
  console.log('\nTargets')
  console.table(
    verdicts.map(({ work, measured, comparison, target, unit = '' }) => ({
      work,
      measured: `${round(measured)}${unit}`,
      target: `${comparison} ${target}${unit}`,
      met: isMet(measured, comparison, target) ? 'yes' : 'NO',
    })),
  )
}

function isMet(measured: number, comparison: Verdict['comparison'], target: number): boolean {
  if (comparison === 'at least') return measured >= target
  return comparison === 'less than' ? measured < target : measured === target
}

function round(value: number): number {
  return Number(value.toPrecision(3))
}
