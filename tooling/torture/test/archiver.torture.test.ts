/** The short, seeded form of `pnpm torture`. */
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { tortureArchiver } from '../src/torture-archiver.ts'

const dir = useTempDir()

test('the archiver, killed at random moments and restarted, loses nothing and repeats nothing', {
  timeout: 120_000,
}, async () => {
  const report = await tortureArchiver({
    folder: dir(),
    runs: 24,
    kills: 12,
    workers: 4,
    seed: 20_260_101,
    recordBytes: 8_000,
  })
  expect(report.violations).toEqual([])
  expect(report.kills).toBe(12)
})
