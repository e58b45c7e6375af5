import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const SCRIPT = new URL('../fixtures/store-many.mjs', import.meta.url)
const dir = useTempDir()

test('10,000 small resources and one of 256 MiB go through flat memory', { timeout: 120_000 }, async () => {
  const child = startChild(SCRIPT, { args: [dir()], deadlineMs: 100_000, execArgv: ['--expose-gc'] })
  const report = (await child.waitFor('report')) as unknown as Report
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(report.resources).toBe(10_001)
  // The records of the manifest stay, the bytes do not.
  expect(report.heapGrowthBytes).toBeLessThan(30 * 1024 * 1024)
  expect(report.peakGrowthBytes).toBeLessThan(160 * 1024 * 1024)
})

interface Report {
  readonly resources: number
  readonly heapGrowthBytes: number
  readonly peakGrowthBytes: number
}
