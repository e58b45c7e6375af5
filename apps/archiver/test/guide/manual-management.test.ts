/** The state guide, "Manual State Management" and "Best Practices". */
import { copyFileSync, cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, forgetState, makeLargeBatchSite, readWork, upTo, writeCounters } from '../support/guide.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

async function siteWithFailures(): Promise<Site> {
  const site = makeLargeBatchSite(dir())
  site.addRuns(upTo(100, 106))
  for (const run of [103, 105]) site.breakRun(run)
  await archive(site, [], 1)
  return site
}

describe('Inspecting State Files', () => {
  test('each is a JSON document of its own', async () => {
    const site = await siteWithFailures()
    expect(JSON.parse(readWork(site, 'importer_state.json'))).toEqual(counters(102, 106))
    expect(JSON.parse(readWork(site, 'migrator_state.json'))).toEqual(counters(102, 106))
  })

  test('the failures can be counted and listed by lines', async () => {
    const site = await siteWithFailures()
    const lines = readWork(site, 'import_failures.log').split('\n')
    expect(lines).toEqual(['103', '105', ''])
  })
})

describe('Manually Editing State Files', () => {
  test('Procedure: reset to a specific run, check with the report, go on; what has arrived is not stored again', async () => {
    const site = makeSite(dir())
    site.addRuns([11999, 12000, 12001, 12002])
    await archive(site)
    const blob = site.blob(12001)
    copyFileSync(join(site.workDir, 'importer_state.json'), join(site.workDir, 'importer_state.json.backup'))
    writeCounters(site, 'importer', 12000, 12000)
    expect((await archive(site, ['--report-status', '--compare-state'])).stdout).toContain(
      'New Runs Available:  2 run(s) since last state update (range: 12001-12002)',
    )
    expect((await archive(site, ['--incremental'])).stdout).toContain('Import: nothing to do')
    expect(site.state('importer')).toEqual(counters(12002, 12002))
    expect(site.blob(12001)).toBe(blob)
  })

  test('JSON with another layout and keys of other programs is read, and the keys stay', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await archive(site)
    writeFileSync(
      join(site.workDir, 'importer_state.json'),
      '{"last_attempted_run":1,\n\n"last_contiguous_run":1,"by":"vim"}\n',
    )
    site.addRuns([2])
    await archive(site, ['--incremental'])
    expect(site.state('importer')).toEqual({ ...counters(2, 2), by: 'vim' })
  })

  test('an edit that is no JSON any more ends the execution with the place of the mistake', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await archive(site)
    rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
    writeFileSync(join(site.workDir, 'importer_state.json'), '{\n  "last_contiguous_run": 12000,,\n}')
    expect((await archive(site, ['--incremental'], 1)).stdout).toMatch(/importer_state\.json.*JSON/)
  })
})

describe('Resetting State (Start Fresh)', () => {
  test('after removal of all four files both recoveries rebuild what was there', async () => {
    const site = await siteWithFailures()
    forgetState(site)
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('importer')).toEqual(counters(102, 106))
    expect(site.failures('import')).toEqual([103, 105])
    expect(site.state('migrator')).toEqual(counters(102, 106))
    expect(site.failures('migrate')).toEqual([])
  })
})

describe('Best Practices', () => {
  test('1. Use Incremental Mode for Scheduled Runs: only new runs are processed, and nothing twice', async () => {
    const site = makeSite(dir())
    const outputs: string[] = []
    for (const run of [100, 101, 102]) {
      site.addRuns([run])
      outputs.push((await archive(site, ['--incremental'])).stdout.split('\n')[0] ?? '')
    }
    outputs.push((await archive(site, ['--incremental'])).stdout.split('\n')[0] ?? '')
    expect(outputs).toEqual([
      'Import: 1 run archived (100), 0 failed',
      'Import: 1 run archived (101), 0 failed',
      'Import: 1 run archived (102), 0 failed',
      'Import: nothing to do',
    ])
  })

  test('2. Backup State Files Regularly: an older backup can be put back, and executions catch up', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101])
    await archive(site)
    cpSync(site.workDir, join(dir(), 'backup'), { recursive: true })
    site.addRuns([102, 103])
    await archive(site)
    forgetState(site)
    cpSync(join(dir(), 'backup'), site.workDir, { recursive: true })
    site.addRuns([104])
    await archive(site, ['--incremental'])
    expect(site.archived()).toEqual(upTo(100, 104))
    expect(site.state('importer')).toEqual(counters(104, 104))
  })

  test('3. Monitor Failure Logs: one line is one failed run', async () => {
    const site = await siteWithFailures()
    expect(readWork(site, 'import_failures.log').match(/\n/g)).toHaveLength(2)
    expect(site.work('migrate_failures.log') ?? '').toBe('')
  })

  test.each<{ title: string; spoil: (site: Site) => void; says: string }>([
    {
      title: 'state vs actual data: a run that counts as archived is not there',
      spoil: (site) => site.addRuns([99]),
      says: 'Missing in ArtdaqDB:',
    },
    {
      title: 'gap analysis: a number without a run',
      spoil: (site) => site.addRuns([108]),
      says: 'Gaps:            107',
    },
    {
      title: 'failure log accuracy: a logged run has arrived',
      spoil: (site) => writeFileSync(join(site.workDir, 'import_failures.log'), '101\n103\n105\n'),
      says: '3 run(s) logged as failed (101, 103, 105)',
    },
  ])('4. Use --compare-state for Validation, $title', async ({ spoil, says }) => {
    const site = await siteWithFailures()
    spoil(site)
    expect((await archive(site, ['--report-status', '--compare-state'])).stdout).toContain(says)
  })

  test('4. Use --compare-state for Validation: the report changes nothing', async () => {
    const site = await siteWithFailures()
    const names = ['importer_state.json', 'import_failures.log', 'migrator_state.json']
    const before = names.map((name) => readWork(site, name))
    await archive(site, ['--report-status', '--compare-state'])
    expect(names.map((name) => readWork(site, name))).toEqual(before)
  })

  test('5. Recover State After External Changes: both states follow what was stored and removed', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    await archive(site)
    // An administrator takes a run out of the archive.
    rmSync(join(site.archiveDir, 'runs', 'configuration', '101'), { recursive: true })
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('migrator')).toEqual(counters(100, 102))
    expect(site.failures('migrate')).toEqual([101])
    await archive(site, ['--retry-failed-migrate'])
    expect(site.archived()).toEqual([100, 101, 102])
  })

  test("6. Don't Manually Edit Unless Necessary: an edit that contradicts the stores is found", async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    await archive(site)
    writeCounters(site, 'migrator', 500, 500)
    expect((await archive(site, ['--compare-state', '--exit-code'], 1)).stdout).toContain('counts to run 500')
    await archive(site, ['--recover-migrate-state'])
    await archive(site, ['--compare-state', '--exit-code'])
  })
})
