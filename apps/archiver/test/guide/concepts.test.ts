/** The state guide, from its overview to the failure logs: each example by whole executions. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, forgetState, makeLargeBatchSite, readWork, upTo, writeCounters } from '../support/guide.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

describe('Overview', () => {
  test('1. no duplicate processing: runs already archived are skipped', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    await archive(site)
    const blob = site.blob(100)
    expect((await archive(site)).stdout).toBe('Import: nothing to do\nMigration: nothing to do\n')
    expect(site.blob(100)).toBe(blob)
  })

  test('2. resume capability: an execution that took a part is gone on with', async () => {
    const site = makeSite(dir())
    site.configure({ batch_size: 2 })
    site.addRuns(upTo(100, 104))
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual([100, 101])
    await archive(site, ['--incremental'])
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual(upTo(100, 104))
  })

  test('3. gap prevention: the sequence stops before a failed run', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    site.breakRun(101)
    await archive(site, [], 1)
    expect(site.state('importer')).toEqual(counters(100, 102))
  })

  test('4. failure tracking: failed runs are recorded for a retry', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    const mend = site.breakRun(101)
    await archive(site, [], 1)
    expect(readWork(site, 'import_failures.log')).toBe('101\n')
    mend()
    await archive(site, ['--retry-failed-import'])
    expect(readWork(site, 'import_failures.log')).toBe('')
  })

  test('two independent systems: import and migration have a state file and a failure log each', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    await archive(site, ['--import-only'])
    expect(site.state('importer')).toEqual(counters(101, 101))
    expect(site.work('migrator_state.json')).toBeUndefined()
    await archive(site, ['--migrate-only'])
    expect(site.state('migrator')).toEqual(counters(101, 101))
  })
})

describe('Last Contiguous Run', () => {
  test.each([
    { title: 'Example 1: no gaps', runs: [100, 101, 102, 103, 104, 105], last: 105 },
    { title: 'Example 2: with gap, stops at the first', runs: [100, 101, 102, 105, 106, 107], last: 102 },
    { title: 'Example 3: multiple gaps, stops at the first', runs: [100, 101, 103, 104, 106, 107], last: 101 },
  ])('$title: an execution and a recovery both come to $last', async ({ runs, last }) => {
    const site = makeLargeBatchSite(dir())
    site.addRuns(runs)
    await archive(site)
    const expected = counters(last, runs.at(-1) ?? 0)
    expect([site.state('importer'), site.state('migrator')]).toEqual([expected, expected])
    forgetState(site)
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect([site.state('importer'), site.state('migrator')]).toEqual([expected, expected])
  })
})

describe('Last Attempted Run', () => {
  /** Processed successfully: 100, 101, 102, 105, 106. Failed: 103, 104. */
  async function example(): Promise<{ site: Site; mend: () => void }> {
    const site = makeLargeBatchSite(dir())
    site.addRuns(upTo(100, 106))
    const mends = [site.breakRun(103), site.breakRun(104)]
    await archive(site, [], 1)
    return { site, mend: () => mends.forEach((mend) => void mend()) }
  }

  test('Example: the highest attempted, regardless of outcome', async () => {
    const { site } = await example()
    expect(site.state('importer')).toEqual(counters(102, 106))
    expect(site.failures('import')).toEqual([103, 104])
    expect(site.archived()).toEqual([100, 101, 102, 105, 106])
  })

  test('Usage: runs above it do not get into the failure log', async () => {
    const { site } = await example()
    site.addRuns([107, 108])
    await archive(site, ['--recover-import-state'])
    expect(site.failures('import')).toEqual([103, 104])
    expect(site.state('importer')).toEqual(counters(102, 106))
  })

  test('Usage: incremental mode starts above it', async () => {
    const { site } = await example()
    site.addRuns([107])
    expect((await archive(site, ['--incremental'])).stdout).toContain('Import: 1 run archived (107), 0 failed\n')
  })
})

describe('Incremental Mode', () => {
  test('Example: contiguous 102, attempted 107: the next run is 108', async () => {
    const site = makeLargeBatchSite(dir())
    site.addRuns(upTo(100, 107))
    for (const run of [103, 105]) site.breakRun(run)
    await archive(site, [], 1)
    expect(site.state('importer')).toEqual(counters(102, 107))
    site.addRuns([108, 109])
    const { stdout, stderr } = await archive(site, ['--incremental', '-v'])
    expect(stderr).toContain('[Import] Incremental: runs above 107')
    expect(stdout).toBe('Import: 2 runs archived (108-109), 0 failed\nMigration: 2 runs archived (108-109), 0 failed\n')
  })

  test('Why both values: recent failures are not attempted again', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    site.breakRun(101)
    await archive(site, ['--incremental'], 1)
    expect((await archive(site, ['--incremental'])).stdout).toContain('Import: nothing to do')
    expect(site.failures('import')).toEqual([101])
  })

  test('Why both values: a contiguous run above the attempted one counts, too', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    await archive(site)
    writeCounters(site, 'importer', 102, 100)
    site.addRuns([103])
    const { stderr } = await archive(site, ['--incremental', '-v'])
    expect(stderr).toContain('[Import] Incremental: runs above 102')
  })

  test('Usage: incremental with stage selection', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    expect((await archive(site, ['--import-only', '--incremental'])).stdout).toBe(
      'Import: 1 run archived (100), 0 failed\n',
    )
    expect((await archive(site, ['--migrate-only', '--incremental'])).stdout).toBe(
      'Migration: 1 run archived (100), 0 failed\n',
    )
  })
})

describe('State File Structure', () => {
  test('Schema: two integers, indented by two, as the original writes them', async () => {
    const site = makeSite(dir())
    site.addRuns([12500])
    await archive(site)
    const text = '{\n  "last_contiguous_run": 12500,\n  "last_attempted_run": 12500\n}'
    expect(readWork(site, 'importer_state.json')).toBe(text)
    expect(readWork(site, 'migrator_state.json')).toBe(text)
  })

  test.each(['{\n  "last_contiguous_run": 0,\n  "last_attempted_run": 0\n}', '{}', undefined])(
    'Initial state %j: all runs are taken, and the sequence begins at the lowest',
    async (text) => {
      const site = makeSite(dir())
      site.addRuns([12000, 12001])
      if (text !== undefined) {
        await archive(site, ['--report-status'])
        writeCounters(site, 'importer', 0, 0)
      }
      await archive(site, ['--incremental'])
      expect(site.state('importer')).toEqual(counters(12001, 12001))
    },
  )

  test('State File Locations: the files of the example', async () => {
    const site = makeSite(dir())
    site.configure({
      import_state_file: '"${work_dir}/importer_state.json"',
      migrate_state_file: '"${work_dir}/migrator_state.json"',
    })
    site.addRuns([100, 101])
    site.breakRun(101)
    await archive(site, [], 1)
    await archive(site, ['--recover-migrate-state'])
    expect(readdirSync(site.workDir)).toEqual(
      expect.arrayContaining([
        'importer_state.json',
        'import_failures.log',
        'migrator_state.json',
        'migrate_failures.log',
        '.archiver.lock',
      ]),
    )
  })
})

describe('Failure Log Structure', () => {
  test('Format: one integer a line, sorted, no duplicates, empty if no failures', async () => {
    const site = makeLargeBatchSite(dir())
    const failing = [12345, 12347, 12349, 12352]
    site.addRuns(upTo(12344, 12353))
    const mends = failing.map((run) => site.breakRun(run))
    await archive(site, ['--import-only'], 1)
    await archive(site, ['--import-only'], 1)
    expect(readWork(site, 'import_failures.log')).toBe('12345\n12347\n12349\n12352\n')
    for (const mend of mends) mend()
    await archive(site, ['--retry-failed-import'])
    expect(readWork(site, 'import_failures.log')).toBe('')
  })

  test('Population during normal execution: a run that fails is added to what is there', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    site.breakRun(100)
    await archive(site, ['--import-only', '--incremental'], 1)
    site.addRuns([102])
    site.breakRun(102)
    await archive(site, ['--import-only', '--incremental'], 1)
    expect(readWork(site, 'import_failures.log')).toBe('100\n102\n')
  })

  test('Population during recovery: in the source, not in the destination, not above the last attempted run', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 102, 104])
    await archive(site)
    site.addRuns([101, 103, 105, 106])
    await archive(site, ['--recover-import-state'])
    expect(readWork(site, 'import_failures.log')).toBe('101\n103\n')
    await archive(site, ['--import-only'])
    await archive(site, ['--recover-migrate-state'])
    expect(readWork(site, 'migrate_failures.log')).toBe('101\n103\n')
  })

  test('Retry operations: processed runs leave the log, still failing ones stay', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    const mend = site.breakRun(100)
    site.breakRun(102)
    await archive(site, [], 1)
    expect(site.failures('import')).toEqual([100, 102])
    mend()
    await archive(site, ['--retry-failed-import'], 1)
    expect(readWork(site, 'import_failures.log')).toBe('102\n')
    expect(existsSync(join(site.workDir, 'importer_state.json'))).toBe(true)
  })
})
