/** The state guide, "State Recovery": when to recover, both commands with the output of the examples, and what to do after. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, forgetState, makeLargeBatchSite, readWork, upTo, writeCounters } from '../support/guide.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()
const HEAVY = '='.repeat(70)

async function archivedSite(): Promise<Site> {
  const site = makeSite(dir())
  site.addRuns([100, 101, 102])
  await archive(site)
  return site
}

describe('When to Recover State', () => {
  test('1. state files lost or deleted', async () => {
    const site = await archivedSite()
    forgetState(site)
    const report = await archive(site, ['--compare-state', '--exit-code'], 1)
    expect(report.stdout).toContain('No import state recorded')
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('importer')).toEqual(counters(102, 102))
    await archive(site, ['--compare-state', '--exit-code'])
  })

  test.each([
    ['invalid JSON', '{"last_contiguous_run": 1'],
    ['unexpected values', '{"last_contiguous_run": "many", "last_attempted_run": -1}'],
  ])('2. state files corrupted: %s', async (_, text) => {
    const site = await archivedSite()
    rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
    writeFileSync(join(site.workDir, 'importer_state.json'), text)
    expect((await archive(site, ['--incremental'], 1)).stdout).toContain('archiver --recover-import-state')
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(102, 102))
    const kept = readdirSync(site.workDir).filter((name) => /importer_state\.json\.(?:corrupt-|before-)/.test(name))
    expect(kept.map((name) => readWork(site, name))).toContain(text)
  })

  test('3. runs processed outside the archiver', async () => {
    const site = await archivedSite()
    site.addRuns([103, 104])
    await archive(site, ['--import-only', '--work-dir', join(dir(), 'elsewhere')])
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(104, 104))
  })

  test('4. suspected inconsistency: the report compares the state with the actual data', async () => {
    const site = await archivedSite()
    writeCounters(site, 'importer', 900, 900)
    const { stdout } = await archive(site, ['--report-status', '--compare-state'], 1)
    expect(stdout).toContain('counts to run 900, but the highest run known is 102')
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--report-status', '--compare-state'])
  })

  test('5. starting fresh tracking on existing data', async () => {
    const site = await archivedSite()
    site.configure({ work_dir: join(dir(), 'new_work') })
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--recover-migrate-state'])
    expect((await archive(site, ['--incremental'])).stdout).toBe('Import: nothing to do\nMigration: nothing to do\n')
  })

  test('when NOT to recover: files that are current and accurate stay as they are', async () => {
    const site = await archivedSite()
    const before = readWork(site, 'importer_state.json')
    await archive(site, ['--recover-import-state'])
    expect(readWork(site, 'importer_state.json')).toBe(before)
    expect(site.failures('import')).toEqual([])
  })
})

describe('Import State Recovery', () => {
  /** The example with a tenth of its runs: 40 of 53 are in artdaqDB. */
  async function example(): Promise<{ site: Site; missing: number[] }> {
    const site = makeLargeBatchSite(dir())
    const missing = [12499, 12501, ...upTo(12510, 12520)]
    site.addRuns(upTo(12498, 12550).filter((run) => !missing.includes(run)))
    await archive(site, ['--import-only'])
    site.addRuns(missing)
    forgetState(site)
    return { site, missing }
  }

  test('Example Output; differs: names the files as they are, and does not print the steps before', async () => {
    const { site } = await example()
    expect((await archive(site, ['--recover-import-state'])).stdout).toBe(
      [
        '✓ Written importer_state.json',
        '✓ Written import_failures.log with 13 runs',
        HEAVY,
        'IMPORT STATE RECOVERY COMPLETE',
        '  Filesystem runs: 53',
        '  ArtdaqDB runs: 40',
        '  Last contiguous: 12498',
        '  Last attempted: 12550',
        '  Missing runs: 13',
        '  Missing runs (preview): [12499, 12501, 12510, 12511, 12512, 12513, 12514, 12515, 12516, 12517, ...]',
        HEAVY,
        '',
      ].join('\n'),
    )
  })

  test('What It Does, 3. to 6.: counters and missing runs are in the files, future runs are not', async () => {
    const { site, missing } = await example()
    site.addRuns([12551, 12552])
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(12498, 12550))
    expect(readWork(site, 'import_failures.log')).toBe(missing.map((run) => `${run}\n`).join(''))
  })

  test('After Recovery: retry the failures, go on in incremental mode', async () => {
    const { site } = await example()
    site.addRuns([12551])
    await archive(site, ['--recover-import-state'])
    await archive(site, ['--retry-failed-import'])
    expect(site.state('importer')).toEqual(counters(12550, 12550))
    expect((await archive(site, ['--import-only', '--incremental'])).stdout).toBe(
      'Import: 1 run archived (12551), 0 failed\n',
    )
  })

  test('an empty destination: zeros and an empty log', async () => {
    const site = makeSite(dir())
    site.addRuns([5, 6])
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(0, 0))
    expect(readWork(site, 'import_failures.log')).toBe('')
  })
})

describe('Migration State Recovery', () => {
  /** The example in small: 25 of the 40 runs in artdaqDB are in UconDB. */
  async function example(): Promise<{ site: Site; missing: number[] }> {
    const site = makeLargeBatchSite(dir())
    const missing = [12491, 12493, ...upTo(12513, 12525)]
    site.addRuns([12490, 12492, ...upTo(12494, 12512), ...upTo(12547, 12550)])
    await archive(site)
    site.addRuns(missing)
    await archive(site, ['--import-only'])
    forgetState(site)
    return { site, missing }
  }

  test('Example Output; differs: names the files as they are, and does not print the steps before', async () => {
    const { site } = await example()
    expect((await archive(site, ['--recover-migrate-state'])).stdout).toBe(
      [
        '✓ Written migrator_state.json',
        '✓ Written migrate_failures.log with 15 runs',
        HEAVY,
        'MIGRATION STATE RECOVERY COMPLETE',
        '  ArtdaqDB runs: 40',
        '  UconDB runs: 25',
        '  Last contiguous: 12490',
        '  Last attempted: 12550',
        '  Missing runs: 15',
        '  Missing runs (preview): [12491, 12493, 12513, 12514, 12515, 12516, 12517, 12518, 12519, 12520, ...]',
        HEAVY,
        '',
      ].join('\n'),
    )
  })

  test('After Recovery: review, retry the failures, go on in incremental mode', async () => {
    const { site, missing } = await example()
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('migrator')).toEqual(counters(12490, 12550))
    expect(readWork(site, 'migrate_failures.log')).toBe(missing.map((run) => `${run}\n`).join(''))
    await archive(site, ['--retry-failed-migrate'])
    expect(site.failures('migrate')).toEqual([])
    expect(site.archived()).toHaveLength(40)
    site.addRuns([12551])
    await archive(site, ['--import-only'])
    expect((await archive(site, ['--migrate-only', '--incremental'])).stdout).toBe(
      'Migration: 1 run archived (12551), 0 failed\n',
    )
  })
})
