/** The short, seeded form of `pnpm torture --pipeline`. */
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { torturePipeline } from '../src/pipeline/torture-pipeline.ts'

const dir = useTempDir()

test('a pipeline whose orchestrator and phases are killed at random moments records nothing as done that is not, and does nothing again that was', {
  timeout: 120_000,
}, async () => {
  const report = await torturePipeline({ folder: dir(), runs: 2, kills: 6, jobs: 4, chunks: 6, seed: 20_261_121 })
  expect(report.violations).toEqual([])
  expect(report.kills + report.phaseKills).toBeGreaterThanOrEqual(6)
})
