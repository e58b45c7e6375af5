/** The state guide, "Common Scenarios" 1 to 5, with its numbers; the page for operators has the same as commands of a shell. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, forgetState, makeLargeBatchSite, readWork, upTo } from '../support/guide.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

describe('Scenario 1: Fresh Deployment', () => {
  test('on existing data: recover both, process what is missing, then incremental', async () => {
    const site = makeLargeBatchSite(dir())
    site.addRuns([100, 101, 104])
    await archive(site)
    site.addRuns([102, 105])
    await archive(site, ['--import-only'])
    site.addRuns([103, 106])
    site.configure({ batch_size: 100, work_dir: join(dir(), 'var_lib') })
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect((await archive(site, ['--compare-state'])).stdout).toContain(
      'Failed Runs:         1 run(s) logged as failed (103)',
    )
    expect((await archive(site, ['--retry-failed-import'])).stdout).toBe('Import: 1 run archived (103), 0 failed\n')
    expect((await archive(site, ['--retry-failed-migrate'])).stdout).toContain('(102')
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual([100, 101, 102, 103, 104, 105, 106])
    await archive(site, ['--compare-state', '--exit-code'])
  })

  test('on nothing at all: recovery writes zeros, incremental mode takes everything', async () => {
    const site = makeLargeBatchSite(dir())
    site.addRuns(upTo(12000, 12004))
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('importer')).toEqual(counters(0, 0))
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual(upTo(12000, 12004))
    expect(site.state('migrator')).toEqual(counters(12004, 12004))
  })
})

describe('Scenario 2: State File Corruption', () => {
  async function corrupted(): Promise<Site> {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    await archive(site)
    rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
    writeFileSync(join(site.workDir, 'importer_state.json'), '{corrupted data...')
    return site
  }

  test('moved away and recovered', async () => {
    const site = await corrupted()
    const path = join(site.workDir, 'importer_state.json')
    renameSync(path, `${path}.corrupted`)
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(101, 101))
  })

  test('differs: an execution does not begin again from 0, it ends with 1 and names the command', async () => {
    const site = await corrupted()
    const { stdout } = await archive(site, ['--incremental'], 1)
    expect(stdout).toMatch(/Import: stopped: .*importer_state\.json.* archiver --recover-import-state/)
    expect(readWork(site, 'importer_state.json')).toBe('{corrupted data...')
  })

  test('differs: with a good copy beside it no recovery is needed', async () => {
    const site = await corrupted()
    writeFileSync(join(site.workDir, 'importer_state.json.bak'), JSON.stringify(counters(101, 101)))
    site.addRuns([102])
    await archive(site, ['--incremental'])
    expect(site.state('importer')).toEqual(counters(102, 102))
  })
})

describe('Scenario 3: Gap in Run Sequence', () => {
  const failing = [12101, 12103, 12107]

  async function siteWithGap(): Promise<{ site: Site; mends: (() => void)[] }> {
    const site = makeLargeBatchSite(dir())
    site.addRuns(upTo(12095, 12150))
    const mends = failing.map((run) => site.breakRun(run))
    await archive(site, ['--incremental'], 1)
    expect(site.state('importer')).toEqual(counters(12100, 12150))
    expect(readWork(site, 'import_failures.log')).toBe('12101\n12103\n12107\n')
    return { site, mends }
  }

  test('after a successful retry 12100 and 12150 have become 12150 and 12150', async () => {
    const { site, mends } = await siteWithGap()
    for (const mend of mends) mend()
    await archive(site, ['--retry-failed-import'])
    expect(site.state('importer')).toEqual(counters(12150, 12150))
    expect(readWork(site, 'import_failures.log')).toBe('')
    expect((await archive(site, ['--report-status', '--compare-state'])).stdout).toContain(
      'Last Contiguous Run: 12150\n  Status:              All expected runs present in ArtdaqDB',
    )
    expect((await archive(site, ['--retry-failed-migrate'])).stdout).toBe(
      'Migration: 3 runs archived (12101, 12103, 12107), 0 failed\n',
    )
  })

  test('while one still fails the sequence stops before it, and -v says why', async () => {
    const { site, mends } = await siteWithGap()
    mends[0]?.()
    mends[2]?.()
    const { stdout, stderr } = await archive(site, ['--retry-failed-import', '-v'], 1)
    expect(site.state('importer')).toEqual(counters(12102, 12150))
    expect(readWork(site, 'import_failures.log')).toBe('12103\n')
    expect(stdout).toMatch(/Run 12103: .*tpc01\.fcl/)
    expect(stderr).toMatch(/\[Import\] \[Run 12103\] attempt 1/)
  })
})

describe('Scenario 3, differs: a retry does not raise last_attempted_run over runs that nobody has attempted', () => {
  test('a failure above it is retried; the run in between is taken by the next incremental execution', async () => {
    const site = makeSite(dir())
    site.addRuns([5, 6])
    await archive(site)
    writeFileSync(join(site.workDir, 'import_failures.log'), '9\n')
    site.addRuns([8, 9])
    await archive(site, ['--retry-failed-import'])
    expect(site.state('importer')).toEqual(counters(6, 6))
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual([5, 6, 8, 9])
    expect(site.state('importer')).toEqual(counters(6, 9))
  })
})

describe('Scenario 4: Manual Database Operations', () => {
  test('runs that other tools imported: the report shows them, recovery counts them', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    await archive(site)
    site.addRuns([102, 103])
    await archive(site, ['--import-only', '--work-dir', join(dir(), 'by_hand')])
    expect((await archive(site, ['--report-status', '--compare-state'])).stdout).toContain(
      'New Runs Available:  2 run(s) since last state update (range: 102-103)',
    )
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(103, 103))
    await archive(site, ['--report-status', '--compare-state', '--exit-code'])
    expect((await archive(site, ['--incremental'])).stdout).toBe(
      'Import: nothing to do\nMigration: 2 runs archived (102-103), 0 failed\n',
    )
  })
})

describe('Scenario 5: Processing Interrupted', () => {
  const runs = upTo(100, 119)

  function busySite(): Site {
    const site = makeSite(dir())
    site.configure({ batch_size: 20 })
    site.addRuns(runs, { bytes: 20_000 })
    return site
  }

  function doneRuns(log: string): (string | undefined)[] {
    return [...log.matchAll(/\[Import\] \[Run (\d+)\] done/g)].map(([, run]) => run)
  }

  test('Ctrl-C: the runs in flight are completed, the state is saved, exit code 130, the next execution goes on', async () => {
    const site = busySite()
    const archiver = spawnArchiver([site.configPath, '--incremental', '--import-only'])
    await archiver.logged('[Import] [Run 103] done')
    archiver.kill('SIGINT')
    expect((await archiver.finished).code).toBe(130)
    const { last_contiguous_run: last } = site.state('importer') as { last_contiguous_run: number }
    expect(site.state('importer')).toEqual(counters(last, last))
    expect(last).toBeGreaterThanOrEqual(103)
    await archive(site, ['--incremental'])
    expect(site.state('importer')).toEqual(counters(119, 119))
    expect(site.archived()).toEqual(runs)
  })

  test.each(['kept', 'removed'] as const)(
    'crash: a lock file that remained and is %s does not keep the next execution from resuming',
    async (lockFile) => {
      const site = busySite()
      const archiver = spawnArchiver([site.configPath, '--incremental', '--import-only'])
      await archiver.logged('[Import] [Run 105] done')
      archiver.kill('SIGKILL')
      const before = doneRuns((await archiver.finished).stderr)
      expect(existsSync(join(site.workDir, '.archiver.lock'))).toBe(true)
      if (lockFile === 'removed') rmSync(join(site.workDir, '.archiver.lock'))
      const after = doneRuns((await archive(site, ['--incremental'])).stderr)
      expect(after.filter((run) => before.includes(run))).toEqual([])
      await archive(site, ['--retry-failed-import'])
      expect(site.archived()).toEqual(runs)
      expect(site.state('importer')).toEqual(counters(119, 119))
    },
  )

  test('server reboot: files of a killed process and a lost state are no obstacle', async () => {
    const site = busySite()
    const archiver = spawnArchiver([site.configPath, '--incremental'])
    await archiver.logged('[Migration] [Run 105] done')
    archiver.kill('SIGKILL')
    await archiver.finished
    forgetState(site)
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    await archive(site, ['--incremental'])
    await archive(site, ['--retry-failed-import'])
    await archive(site, ['--retry-failed-migrate'])
    expect(site.archived()).toEqual(runs)
  })
})
