/** The short, seeded form of `pnpm torture week`. */
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { simulateWeek } from '../src/week/simulate-week.ts'

const dir = useTempDir()

test('a simulated week ends with both stores complete, and the reports told the truth', {
  timeout: 240_000,
}, async () => {
  const report = await simulateWeek({
    folder: dir(),
    runs: 40,
    days: 2,
    executionsPerDay: 4,
    outageShare: 0.3,
    seed: 5,
  })
  expect(report.violations).toEqual([])
  expect(report.deletions).toBe(2)
  expect(report.kills).toBe(2)
  expect(report.outages).toBeGreaterThan(0)
})
