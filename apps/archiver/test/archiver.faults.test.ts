import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { makeSite, type Site } from './support/site.js'
import { spawnArchiver } from './support/spawn-archiver.js'

const dir = useTempDir()
const NOBODY = 65_534

describe('archiver, damaged files', () => {
  test('a damaged state file falls back on its backup, keeps the bytes and says so', async () => {
    const site = makeSite(dir())
    for (const run of [1, 2]) {
      site.addRuns([run])
      await runArchiver([site.configPath, '--incremental'])
    }
    writeFileSync(join(site.workDir, 'importer_state.json'), '{"last_contiguous_run": 2, "last_att')
    site.addRuns([3])
    const { code, stderr } = await runArchiver([site.configPath, '--incremental'])
    expect(code).toBe(0)
    expect(stderr).toContain('importer_state.json')
    expect(site.archived()).toEqual([1, 2, 3])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 3, last_attempted_run: 3 })
    const kept = readdirSync(site.workDir).find((name) => name.startsWith('importer_state.json.corrupt-'))
    expect(readFileSync(join(site.workDir, kept ?? ''), 'utf8')).toBe('{"last_contiguous_run": 2, "last_att')
  })

  test('a state damaged beyond its backup stops the stage with the command that rebuilds it, and that command works', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    for (const name of readdirSync(site.workDir))
      if (/^importer_state\.json(\.bak)?$/.test(name)) writeFileSync(join(site.workDir, name), 'junk')
    const broken = await runArchiver([site.configPath, '--incremental'])
    expect(broken.code).toBe(1)
    expect(broken.stdout).toMatch(/Import: stopped: .*importer_state\.json.*archiver --recover-import-state/)
    expect(broken.stdout).toContain('Migration: nothing to do')
    const reported = await runArchiver([site.configPath, '--compare-state'])
    expect(reported.code).toBe(1)
    expect(reported.stdout).toMatch(/Problem: .*importer_state\.json/)
    const recovered = await runArchiver([site.configPath, '--recover-import-state'])
    expect(recovered.code).toBe(0)
    expect(recovered.stdout).toContain('✓ Written importer_state.json')
    expect(site.state('importer')).toEqual({ last_contiguous_run: 2, last_attempted_run: 2 })
    expect((await runArchiver([site.configPath, '--compare-state'])).code).toBe(0)
  })

  test('a damaged index.json is rebuilt from the documents, and nothing is lost', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    truncateSync(join(site.databaseDir, 'RunHistory', 'index.json'), 400)
    const reported = await runArchiver([site.configPath, '--report-status'])
    expect(reported.stdout).toContain('ARTDAQDB (Intermediate Storage)')
    site.addRuns([3])
    const { code, stderr } = await runArchiver([site.configPath, '--incremental'])
    expect(code).toBe(0)
    expect(stderr).toContain('index.json')
    expect(site.archived()).toEqual([1, 2, 3])
    expect((await runArchiver([site.configPath, '--report-status'])).stdout).toContain('All systems are synchronized')
  })

  test('a damaged journal stops with the command that rebuilds the indexes, and that command works', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    writeFileSync(join(site.databaseDir, '.holdfast.journal'), 'not a journal line\nnor this\n')
    const stopped = await runArchiver([site.configPath])
    expect(stopped.code).toBe(1)
    expect(stopped.stdout).toMatch(/\.holdfast\.journal.*archiver --rebuild-database-index/)
    const looked = await runArchiver([site.configPath, '--rebuild-database-index', '--dry-run'])
    expect(looked).toMatchObject({ code: 1, stdout: expect.stringContaining('.holdfast.journal') })
    const rebuilt = await runArchiver([site.configPath, '--rebuild-database-index'])
    expect(rebuilt.code).toBe(0)
    expect(rebuilt.stdout).toMatch(/^The indexes of artdaqDB were made anew from \d+ documents\n {2}Kept: '.*journal'/)
    expect((await runArchiver([site.configPath, '--report-status'])).stdout).toContain('All systems are synchronized')
  })
})

describe('archiver, missing and unreadable places', () => {
  test('missing run records: the message names the folder and the key', async () => {
    const site = makeSite(dir())
    rmSync(site.recordsDir, { recursive: true })
    const { code, stderr } = await runArchiver([site.configPath, '--import-only'])
    expect(code).toBe(1)
    expect(stderr).toContain(`'${site.recordsDir}': there is no such folder; Check source_files.run_records_dir`)
    expect((await runArchiver([site.configPath, '--report-status'])).code).toBe(1)
  })

  test('a missing schema stops the stage and fails no run', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    rmSync(join(site.dir, 'conf', 'schema.fcl'))
    const { code, stdout } = await runArchiver([site.configPath, '--import-only'])
    expect(code).toBe(1)
    expect(stdout).toContain('Import: stopped: Cannot use the schema')
    expect(site.failures('import')).toEqual([])
  })

  test('a schema that is not FHiCL stops the stage and fails no run', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    writeFileSync(join(site.dir, 'conf', 'schema.fcl'), 'run_history: [\n')
    const { code, stdout } = await runArchiver([site.configPath, '--import-only'])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /Import: stopped: Cannot use the schema '.*conf\/schema.fcl': .*line 1.*Check artdaq_db.fcl_conf_dir/,
    )
    expect(site.failures('import')).toEqual([])
  })

  test.each([
    ['database', 'artdaqdb', 'recover-import-state', 'importer'],
    ['archive', 'ucondb', 'recover-migrate-state', 'migrator'],
  ] as const)('a %s that is not mounted is not taken for an empty one', async (_, name, recovery, stage) => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    renameSync(join(site.dir, name), join(site.dir, 'unmounted'))
    for (const flag of ['--incremental', '--report-status', '--validate', `--${recovery}`]) {
      const { code, stdout, stderr } = await runArchiver([site.configPath, flag])
      expect({ flag, code }).toEqual({ flag, code: 1 })
      expect(stdout + stderr).toContain(join(site.dir, name))
    }
    expect(existsSync(join(site.dir, name))).toBe(false)
    expect(site.state(stage)).toEqual({ last_contiguous_run: 2, last_attempted_run: 2 })
    renameSync(join(site.dir, 'unmounted'), join(site.dir, name))
    expect((await runArchiver([site.configPath, '--compare-state'])).code).toBe(0)
  })

  describe.each([
    ['database', 'artdaqdb', 'importer', 'import'],
    ['archive', 'ucondb', 'migrator', 'migrate'],
  ] as const)('a %s that is gone', (_, name, stage, log) => {
    test.each([
      ['the first run failed', [1]],
      ['the first and the last run failed', [1, 4]],
      ['the Python archiver left a sequence that never began', []],
    ])('is an error when %s and others had arrived', async (_title, failed) => {
      const site = makeSite(dir())
      site.addRuns([1, 2, 3, 4])
      await runArchiver([site.configPath])
      const state = { last_contiguous_run: 0, last_attempted_run: 4 }
      writeFileSync(join(site.workDir, `${stage}_state.json`), JSON.stringify(state))
      writeFileSync(join(site.workDir, `${log}_failures.log`), failed.map((run) => `${run}\n`).join(''))
      rmSync(join(site.dir, name), { recursive: true })
      const { code, stdout, stderr } = await runArchiver([site.configPath, '--incremental'])
      expect(code).toBe(1)
      expect(stdout + stderr).toContain(join(site.dir, name))
      expect(existsSync(join(site.dir, name))).toBe(false)
      expect(site.state(stage)).toEqual(state)
    })
  })

  test('a database that is gone is an error after a first run that failed', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2, 3])
    site.breakRun(1)
    await runArchiver([site.configPath])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 0, last_attempted_run: 3 })
    rmSync(site.databaseDir, { recursive: true })
    site.addRuns([4])
    const { code, stderr } = await runArchiver([site.configPath, '--incremental'])
    expect(code).toBe(1)
    expect(stderr).toContain(site.databaseDir)
    expect(existsSync(site.databaseDir)).toBe(false)
    expect(site.archived()).toEqual([2, 3])
  })

  test('stores that no run has reached yet are made by the retry', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 3])
    const mend = [site.breakRun(1), site.breakRun(3)]
    expect((await runArchiver([site.configPath])).code).toBe(1)
    expect(site.state('importer')).toEqual({ last_contiguous_run: 0, last_attempted_run: 3 })
    expect(existsSync(site.databaseDir)).toBe(false)
    for (const one of mend) one()
    expect((await runArchiver([site.configPath, '--retry-failed-import'])).code).toBe(0)
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(site.archived()).toEqual([1, 3])
  })

  test('a link to itself is no run record', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    symlinkSync('2', join(site.recordsDir, '2'))
    const { stdout } = await runArchiver([site.configPath, '--import-only'])
    expect(stdout).toBe('Import: 1 run archived (1), 0 failed\n')
  })

  test('a counter above every known run is a problem of the report', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'importer_state.json'), '{"last_contiguous_run": 1, "last_attempted_run": 999999}')
    const { code, stdout } = await runArchiver([site.configPath, '--compare-state'])
    expect(code).toBe(1)
    expect(stdout).toContain('counts to run 999999, but the highest run known is 1')
  })

  describe.runIf(process.getuid?.() === 0)('as another user', () => {
    function giveAway(site: Site): void {
      chmodSync(site.dir, 0o755)
      for (const name of [...readdirSync(site.dir), '.']) chownSync(join(site.dir, name), NOBODY, NOBODY)
    }

    test('a read-only work folder', async () => {
      const site = makeSite(dir())
      site.addRuns([1])
      await runArchiver([site.configPath])
      const before = readdirSync(site.workDir).map((name) => [name, site.work(name)])
      giveAway(site)
      chownSync(site.workDir, 0, 0)
      chmodSync(site.workDir, 0o555)
      const { code, stderr } = await spawnArchiver([site.configPath], { uid: NOBODY }).finished
      expect(code).toBe(1)
      expect(stderr).toContain(site.workDir)
      expect(stderr).toMatch(/permission denied|EACCES/i)
      expect(readdirSync(site.workDir).map((name) => [name, site.work(name)])).toEqual(before)
    })

    test('a record behind a link that may not be followed fails alone', async () => {
      const site = makeSite(dir())
      site.addRuns([1])
      giveAway(site)
      mkdirSync(join(site.dir, 'private', '2'), { recursive: true })
      chmodSync(join(site.dir, 'private'), 0o700)
      symlinkSync(join(site.dir, 'private', '2'), join(site.recordsDir, '2'))
      const { code, stdout } = await spawnArchiver([site.configPath, '--import-only'], { uid: NOBODY }).finished
      expect(code).toBe(1)
      expect(stdout).toContain('Import: 1 run archived (1), 1 failed')
      expect(stdout).toMatch(/Run 2: Cannot read .*permission denied/)
    })

    test('a record that may not be read fails alone', async () => {
      const site = makeSite(dir())
      site.addRuns([1, 2])
      giveAway(site)
      chmodSync(join(site.recordsDir, '1', 'tpc01.fcl'), 0)
      const { code, stdout } = await spawnArchiver([site.configPath], { uid: NOBODY }).finished
      expect(code).toBe(1)
      expect(stdout).toContain(`Run 1: Cannot read '${join(site.recordsDir, '1', 'tpc01.fcl')}'`)
      expect(site.archived()).toEqual([2])
      expect(site.failures('import')).toEqual([1])
    })

    test('a database that may not be written stops the stage and fails no run', async () => {
      const site = makeSite(dir())
      site.addRuns([1])
      await runArchiver([site.configPath])
      site.addRuns([2])
      giveAway(site)
      for (const name of readdirSync(site.workDir)) chownSync(join(site.workDir, name), NOBODY, NOBODY)
      for (const name of ['.', ...readdirSync(site.databaseDir)]) chownSync(join(site.databaseDir, name), 0, 0)
      const { code, stdout } = await spawnArchiver([site.configPath, '--import-only'], { uid: NOBODY }).finished
      expect(code).toBe(1)
      expect(stdout).toContain(site.databaseDir)
      expect(site.failures('import')).toEqual([])
      expect(site.state('importer')).toEqual({ last_contiguous_run: 1, last_attempted_run: 1 })
    })
  })
})

describe('archiver, full disk', () => {
  test('stops with the reason, loses nothing, and goes on when there is room', async () => {
    const small = mountTinyFileSystem(4_000_000)
    if (small === undefined) throw new Error('This test needs a mounted tiny file system: run it as root')
    const site = makeSite(small)
    site.configure({ batch_size: 20 })
    site.addRuns([1, 2, 3], { bytes: 50_000 })
    await runArchiver([site.configPath, '--import-only'])
    site.addRuns([4, 5, 6], { bytes: 50_000 })
    const ballast = fillDisk(small)
    const state = site.state('importer')
    const full = await runArchiver([site.configPath])
    expect(full.code).toBe(1)
    expect(full.stderr).toMatch(/no space left on device/i)
    expect(site.state('importer')).toEqual(state)
    expect(site.failures('import')).toEqual([])
    rmSync(ballast)
    const after = await runArchiver([site.configPath, '--incremental'])
    expect(after.stdout).toContain('Import: 3 runs archived (4-6), 0 failed')
    expect(site.archived()).toEqual([1, 2, 3, 4, 5, 6])
  })
})
