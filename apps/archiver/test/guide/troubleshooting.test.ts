/** The state guide, "Troubleshooting State Issues": symptom, diagnosis and solution of each. */
import { chmodSync, chownSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, makeLargeBatchSite, readWork, upTo, writeCounters } from '../support/guide.js'
import { makeSite } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

describe('Issue: Runs processed repeatedly', () => {
  test('Symptom, differs: a full execution asks the store first and repeats nothing, even without state', async () => {
    const site = makeSite(dir())
    site.addRuns([12344, 12345])
    await archive(site)
    writeCounters(site, 'importer', 0, 0)
    const { stdout, stderr } = await archive(site)
    expect(stdout).toContain('Import: nothing to do')
    expect(stderr).not.toContain('[Run 12345]')
  })

  test('Solution: recover the state, use incremental mode', async () => {
    const site = makeSite(dir())
    site.addRuns([12344, 12345])
    await archive(site)
    writeCounters(site, 'importer', 0, 0)
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(12345, 12345))
    expect((await archive(site, ['--incremental', '-v'])).stderr).toContain('Incremental: runs above 12345')
  })
})

describe('Issue: Incremental mode processes too many runs', () => {
  test('Diagnosis: counters too low. Solution: recovery raises them to what the stores hold', async () => {
    const site = makeLargeBatchSite(dir())
    site.addRuns(upTo(100, 105))
    site.breakRun(102)
    await archive(site, [], 1)
    rmSync(join(site.workDir, 'import_failures.log'))
    writeCounters(site, 'importer', 100, 100)
    expect((await archive(site, ['--incremental', '--dry-run'])).stdout).toContain('Import: would process 1 run: 102')
    await archive(site, ['--recover-import-state'])
    expect(site.state('importer')).toEqual(counters(101, 105))
    expect(site.failures('import')).toEqual([102])
    expect((await archive(site, ['--incremental'])).stdout).toContain('Import: nothing to do')
  })
})

describe('Issue: Gaps not filling', () => {
  test('Symptom: the retry fails again. Diagnosis: -v names the file. Solution: mend it, retry', async () => {
    const site = makeSite(dir())
    site.addRuns([100, 101, 102])
    const mend = site.breakRun(101)
    await archive(site, [], 1)
    const { stderr } = await archive(site, ['--retry-failed-import', '-v'], 1)
    expect(readWork(site, 'import_failures.log')).toBe('101\n')
    expect(stderr).toMatch(/\[Run 101\] attempt 1 of \d+ failed: .*"tpc01.fcl" at line 1/)
    mend()
    await archive(site, ['--retry-failed-import'])
    expect(site.state('importer')).toEqual(counters(102, 102))
    expect(readWork(site, 'import_failures.log')).toBe('')
  })
})

describe("Issue: State file won't write", () => {
  test('Symptom: permission denied, with the path, exit code 1. Solution: owner and permissions', async () => {
    const site = makeSite(dir())
    site.addRuns([100])
    await archive(site)
    site.addRuns([101])
    const before = readWork(site, 'importer_state.json')
    const isRoot = process.getuid?.() === 0
    const asUser = isRoot ? { uid: 65_534 } : {}
    const give = (path: string, id: number): void => {
      if (isRoot) for (const name of ['.', ...readdirSync(path)]) chownSync(join(path, name), id, id)
    }
    for (const path of [site.dir, site.databaseDir, site.archiveDir]) give(path, 65_534)
    for (const name of isRoot ? readdirSync(site.dir, { recursive: true, encoding: 'utf8' }) : [])
      chownSync(join(site.dir, name), 65_534, 65_534)
    give(site.workDir, 0)
    chmodSync(site.dir, 0o755)
    chmodSync(site.workDir, 0o555)
    const refused = await spawnArchiver([site.configPath, '--incremental'], asUser).finished
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/permission denied|EACCES/i)
    expect(refused.stderr).toContain(site.workDir)
    expect(readWork(site, 'importer_state.json')).toBe(before)
    give(site.workDir, 65_534)
    chmodSync(site.workDir, 0o755)
    for (const name of readdirSync(site.workDir)) chmodSync(join(site.workDir, name), 0o644)
    expect((await spawnArchiver([site.configPath, '--incremental'], asUser).finished).code).toBe(0)
    expect(site.state('importer')).toEqual(counters(101, 101))
  })
})
