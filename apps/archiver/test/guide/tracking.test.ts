/** The state guide, "State Tracking During Execution", step by step. */
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, makeLargeBatchSite, readWork, upTo } from '../support/guide.js'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite } from '../support/site.js'

const dir = useTempDir()

describe('Normal Execution Flow', () => {
  test('1. Load current state: without a file both values are 0', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    expect((await archive(site, ['--incremental', '--import-only'])).stderr).toContain('Incremental: runs above 0')
  })

  test('2. Determine runs to process, incremental: those above the start; full: all that have not arrived', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    await archive(site)
    site.addRuns([99, 103])
    expect((await archive(site, ['--import-only', '--incremental', '--dry-run'])).stdout).toContain(
      'would process 1 run: 103',
    )
    expect((await archive(site, ['--import-only', '--dry-run'])).stdout).toContain('would process 2 runs: 99, 103')
  })

  test('3. Process runs: a failed one does not keep the others from being processed', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2, 3])
    site.breakRun(1)
    await archive(site, [], 1)
    expect(site.archived()).toEqual([2, 3])
  })

  test('4. Update state; differs: after each run instead of after the batch, the failure first', async () => {
    const site = makeSite(dir())
    site.configure({ parallel_workers: 1 })
    site.addRuns([1, 2, 3])
    site.breakRun(2)
    const seen: unknown[] = []
    await runArchiver([site.configPath, '--import-only'], {
      onLog: (text) => {
        if (text.includes('] done'))
          seen.push([/Run (\d)/.exec(text)?.[1], site.state('importer'), site.failures('import')])
      },
    })
    expect(seen).toEqual([
      ['1', counters(1, 1), []],
      ['3', counters(1, 3), [2]],
    ])
  })
})

describe('State Update Example', () => {
  test('100/100, attempted 101-105, 103 failed: 102/105 and a log of 103', async () => {
    const site = makeLargeBatchSite(dir())
    site.addRuns([100])
    await archive(site)
    expect(site.state('importer')).toEqual(counters(100, 100))
    site.addRuns(upTo(101, 105))
    site.breakRun(103)
    await archive(site, ['--incremental'], 1)
    expect(site.state('importer')).toEqual(counters(102, 105))
    expect(readWork(site, 'import_failures.log')).toBe('103\n')
    expect(site.archived()).toEqual([100, 101, 102, 104, 105])
  })
})
