import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { makeSite } from './support/site.js'

const dir = useTempDir()

describe('archiver, both stages', () => {
  test('archives every good run in both stores, logs the broken one, and exits 1', async () => {
    const site = makeSite(dir())
    site.addRuns([101, 102, 103, 104])
    site.breakRun(103)
    const { code, stdout } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain('Import: 3 runs archived (101-102, 104), 1 failed')
    expect(stdout).toMatch(/Run 103: .*"tpc01.fcl" at line 1, column/)
    expect(site.archived()).toEqual([101, 102, 104])
    expect(site.failures('import')).toEqual([103])
    expect(site.failures('migrate')).toEqual([])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 102, last_attempted_run: 104 })
    expect(site.state('migrator')).toEqual({ last_contiguous_run: 102, last_attempted_run: 104 })
  })

  test('the blob holds the converted record', async () => {
    const site = makeSite(dir())
    site.addRuns([7])
    await runArchiver([site.configPath], { now: () => Date.UTC(2026, 2, 4, 5, 6) })
    const blob = site.blob(7)
    expect(blob).toMatch(/^Start of Record\nRun Number: 7\nPacked on Mar 04 05:06 UTC\n/)
    expect(blob).toContain('\n#####\nRunHistory.fcl:\n#####\n')
    expect(blob).toContain('run_number: 7')
    expect(blob).toContain('config_name: "physics-run-00004"')
    expect(blob).toContain('DAQInterface_stop_time: "')
  })

  test('a retry takes only the failed runs, empties the log and closes the gap', async () => {
    const site = makeSite(dir())
    site.addRuns([101, 102, 103])
    const mend = site.breakRun(102)
    expect((await runArchiver([site.configPath])).code).toBe(1)
    mend()
    const retried = await runArchiver([site.configPath, '--retry-failed-import'])
    expect(retried).toMatchObject({ code: 0, stdout: 'Import: 1 run archived (102), 0 failed\n' })
    expect(site.failures('import')).toEqual([])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 103, last_attempted_run: 103 })
    const migrated = await runArchiver([site.configPath, '--migrate-only'])
    expect(migrated.stdout).toBe('Migration: 1 run archived (102), 0 failed\n')
    expect(site.state('migrator')).toEqual({ last_contiguous_run: 103, last_attempted_run: 103 })
  })

  test('a retried import that migration has passed is handed over to its failure log', async () => {
    const site = makeSite(dir())
    site.addRuns([101, 102, 103])
    const mend = site.breakRun(102)
    await runArchiver([site.configPath, '--incremental'])
    mend()
    await runArchiver([site.configPath, '--retry-failed-import'])
    expect(site.failures('migrate')).toEqual([102])
    expect((await runArchiver([site.configPath, '--retry-failed-migrate'])).stdout).toBe(
      'Migration: 1 run archived (102), 0 failed\n',
    )
    expect(site.archived()).toEqual([101, 102, 103])
    expect(site.state('migrator')).toEqual({ last_contiguous_run: 103, last_attempted_run: 103 })
  })

  test('a run that is completed after it was archived is reported, since UconDB replaces nothing', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath])
    writeFileSync(join(site.recordsDir, '1', 'DataLogger1.fcl'), 'late: 1\n')
    const { code, stdout } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain('Run 1: it was completed in artdaqDB, but UconDB holds it as it was before')
  })

  test('a retry that fails again keeps the run in the log and exits 1', async () => {
    const site = makeSite(dir())
    site.addRuns([5])
    site.breakRun(5)
    await runArchiver([site.configPath])
    expect((await runArchiver([site.configPath, '--retry-failed-import'])).code).toBe(1)
    expect(site.failures('import')).toEqual([5])
  })

  test('a retry drops runs that have arrived meanwhile', async () => {
    const site = makeSite(dir())
    site.addRuns([5, 6])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'import_failures.log'), '6\n')
    const { code, stdout } = await runArchiver([site.configPath, '--retry-failed-import'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Import: nothing to do\n' })
    expect(site.failures('import')).toEqual([])
  })

  test('a full run takes ten times the batch size, an incremental one the batch size', async () => {
    const site = makeSite(dir())
    site.configure({ batch_size: 1 })
    site.addRuns(Array.from({ length: 13 }, (_, index) => 20 + index))
    expect((await runArchiver([site.configPath, '--import-only'])).stdout).toBe(
      'Import: 10 runs archived (20-29), 0 failed\n  3 more for the next executions\n',
    )
    expect((await runArchiver([site.configPath, '--import-only', '--incremental'])).stdout).toBe(
      'Import: 1 run archived (30), 0 failed\n  2 more for the next executions\n',
    )
  })

  test('incremental mode never repeats a failed run by itself', async () => {
    const site = makeSite(dir())
    site.addRuns([50, 51])
    site.breakRun(51)
    await runArchiver([site.configPath, '--incremental'])
    const { code, stdout } = await runArchiver([site.configPath, '--incremental'])
    expect(code).toBe(0)
    expect(stdout).toBe('Import: nothing to do\nMigration: nothing to do\n')
    expect(site.failures('import')).toEqual([51])
  })

  test('a late run is reported by incremental mode and taken with --catch-up', async () => {
    const site = makeSite(dir())
    site.addRuns([50, 52])
    await runArchiver([site.configPath, '--incremental'])
    site.addRuns([51, 53])
    const reported = await runArchiver([site.configPath, '--incremental'])
    expect(reported.code).toBe(0)
    expect(reported.stdout).toContain(
      'Import: 1 run archived (53), 0 failed\n  Late runs below the start point: 51; --catch-up takes them\n',
    )
    expect(site.archived()).toEqual([50, 52, 53])
    const caught = await runArchiver([site.configPath, '--incremental', '--catch-up'])
    expect(caught.stdout).toContain('Import: 1 run archived (51), 0 failed')
    expect(site.archived()).toEqual([50, 51, 52, 53])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 53, last_attempted_run: 53 })
  })

  test('app.exclude_most_recent_run leaves the newest run alone', async () => {
    const site = makeSite(dir())
    site.configure({ exclude_most_recent_run: true })
    site.addRuns([1, 2, 3])
    await runArchiver([site.configPath, '--import-only'])
    expect(site.state('importer')).toEqual({ last_contiguous_run: 2, last_attempted_run: 2 })
  })

  test('a run record that still goes on has no stop time and is archived', async () => {
    const site = makeSite(dir())
    site.addRuns([9], { stopped: false })
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(site.blob(9)).toContain('DAQInterface_start_time: "')
    expect(site.blob(9)).not.toContain('DAQInterface_stop_time')
  })

  test('the run records are not changed', async () => {
    const site = makeSite(dir())
    site.addRuns([8])
    const record = join(site.recordsDir, '8')
    const look = () =>
      readdirSync(record).map((name) => [
        name,
        statSync(join(record, name)).mtimeMs,
        readFileSync(join(record, name), 'utf8'),
      ])
    const before = look()
    await runArchiver([site.configPath])
    expect(look()).toEqual(before)
  })

  test('the second stage runs even when the first one could not', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath, '--import-only'])
    rmSync(site.recordsDir, { recursive: true })
    const { code, stdout } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain(
      `Import: stopped: Cannot read the run records in '${site.recordsDir}': there is no such folder`,
    )
    expect(stdout).toContain('Migration: 1 run archived (1), 0 failed')
  })
})

describe('archiver, what it prints', () => {
  test('--json prints one document', async () => {
    const site = makeSite(dir())
    site.addRuns([3, 4])
    site.breakRun(4)
    const { code, stdout } = await runArchiver([site.configPath, '--json', '--import-only'])
    expect(JSON.parse(stdout)).toMatchObject({
      mode: 'import-only',
      dryRun: false,
      exitCode: 1,
      stages: [{ stage: 'Import', succeeded: [3], failed: [{ run: 4, error: expect.stringContaining('tpc01.fcl') }] }],
    })
    expect(code).toBe(1)
  })

  test('--dry-run says what would be done and writes nothing', async () => {
    const site = makeSite(dir())
    site.addRuns([3, 4])
    const before = readdirSync(site.dir, { recursive: true })
    const { code, stdout } = await runArchiver([site.configPath, '--dry-run'])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'Import: would process 2 runs: 3-4\nMigration: nothing to do\n',
    })
    expect(readdirSync(site.dir, { recursive: true })).toEqual(before)
  })

  test('--dry-run of a recovery leaves the state as it is', async () => {
    const site = makeSite(dir())
    site.addRuns([3, 4])
    await runArchiver([site.configPath])
    const damaged = '{"last_contiguous_run": 1, "last_attempted_run": 1}'
    writeFileSync(join(site.workDir, 'importer_state.json'), damaged)
    const { stdout } = await runArchiver([site.configPath, '--recover-import-state', '--dry-run'])
    expect(stdout).toContain('Would write importer_state.json')
    expect(stdout).toContain('  Last contiguous: 4\n')
    expect(site.work('importer_state.json')).toBe(damaged)
  })

  test('--validate reports a blob without the metadata it must hold and exits 1', async () => {
    const site = makeSite(dir())
    site.addRuns([6])
    rmSync(join(site.recordsDir, '6', 'metadata.txt'))
    const { code, stdout } = await runArchiver([site.configPath, '--validate'])
    expect(code).toBe(1)
    expect(stdout).toContain('Archived, but with problems:\n  Run 6: it has no metadata.fcl')
    expect(site.archived()).toEqual([6])
  })

  test('app_fuzz makes runs fail in incremental mode too, and they are in the log', async () => {
    const site = makeSite(dir())
    site.configure({ run_process_retries: 1 }, 'app_fuzz:\n  random_error_percent: 100\n')
    site.addRuns([1])
    const { code, stderr } = await runArchiver([site.configPath, '--incremental', '--import-only'])
    expect(code).toBe(1)
    expect(stderr.match(/made to fail on purpose/g)).toHaveLength(2)
    expect(site.failures('import')).toEqual([1])
  })

  test('a final injected fault is not attempted again', async () => {
    const site = makeSite(dir())
    site.configure({ run_process_retries: 3 }, 'app_fuzz:\n  random_skip_percent: 100\n  random_skip_retry: true\n')
    site.addRuns([1])
    const { stderr } = await runArchiver([site.configPath, '--import-only'])
    expect(stderr.match(/skipped on purpose/g)).toHaveLength(1)
  })

  test('log lines have the form of the original and reach the log file', async () => {
    const site = makeSite(dir())
    site.configure({ log_file: '${work_dir}/archiver.log' })
    site.addRuns([1])
    const { stderr } = await runArchiver([site.configPath])
    const line =
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - archiver\.import - INFO - \[Import\] \[Run 1\] done \[[0-9a-f]{8}\]$/m
    expect(stderr).toMatch(line)
    expect(site.work('archiver.log')).toMatch(line)
  })

  test('-q shows warnings only, -v shows more', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    expect((await runArchiver([site.configPath, '-q'])).stderr).toBe('')
  })
})

describe('archiver.env beside the configuration', () => {
  test('is read into the environment and wins over it', async () => {
    const site = makeSite(dir())
    site.configure({ work_dir: '${WORK}' })
    site.addRuns([1])
    writeFileSync(join(site.dir, 'archiver.env'), `# where to work\nWORK=${site.workDir}\n`)
    expect((await runArchiver([site.configPath], { env: { WORK: '/nowhere' } })).code).toBe(0)
    expect(site.state('importer')).toEqual({ last_contiguous_run: 1, last_attempted_run: 1 })
  })

  test('that cannot be read is named', async () => {
    const site = makeSite(dir())
    mkdirSync(join(site.dir, 'archiver.env'))
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stderr).toContain(`Cannot read the environment file '${join(site.dir, 'archiver.env')}'`)
  })
})

describe('archiver, records that cannot be read', () => {
  test('a record that vanishes half-way fails alone and can be retried', async () => {
    const site = makeSite(dir())
    site.configure({ parallel_workers: 1, run_process_retries: 0 })
    site.addRuns([1, 2, 3])
    const { code, stdout } = await runArchiver([site.configPath, '--import-only'], {
      onLog: (text) => {
        if (text.includes('[Run 1] done')) rmSync(join(site.recordsDir, '2'), { recursive: true })
      },
    })
    expect(code).toBe(1)
    expect(stdout).toContain(`Run 2: '${join(site.recordsDir, '2')}' vanished while the run record was read`)
    expect(site.failures('import')).toEqual([2])
    site.addRuns([2])
    expect((await runArchiver([site.configPath, '--retry-failed-import'])).code).toBe(0)
  })

  test('an empty record is refused, not archived as nothing', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    for (const name of readdirSync(join(site.recordsDir, '1'))) rmSync(join(site.recordsDir, '1', name))
    const { code, stdout } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain(
      'is empty: it holds no .fcl and no .txt file; Copy the whole record there, then retry the run',
    )
  })

  test('a text file that is not UTF-8 is refused with its place', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    writeFileSync(join(site.recordsDir, '1', 'settings.txt'), Buffer.from('name: caf\xe9\n', 'latin1'))
    const { stdout } = await runArchiver([site.configPath])
    expect(stdout).toContain(
      'Run 1: Cannot convert "settings.txt": line 1, column 10 is not UTF-8; Save "settings.txt" as UTF-8',
    )
  })

  test('a generated file that FHiCL cannot hold is traced to the file it was made of', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    writeFileSync(join(site.recordsDir, '1', 'settings.txt'), 'package list: [ a, "b c" ]\n')
    const { stdout } = await runArchiver([site.configPath])
    expect(stdout).toContain('"settings.fcl" was made of "settings.txt"')
  })

  test('two files that would be stored under one name are refused', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    mkdirSync(join(site.recordsDir, '1', 'extra'))
    writeFileSync(join(site.recordsDir, '1', 'extra', 'tpc01.fcl'), 'a: 1\n')
    const { stdout } = await runArchiver([site.configPath])
    expect(stdout).toContain("holds 'tpc01.fcl', which would be stored under the same name as 'extra/tpc01.fcl'")
  })

  test('folders and files that are not run records are ignored', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    writeFileSync(join(site.recordsDir, '2'), 'a file')
    writeFileSync(join(site.recordsDir, '.record_directory_info'), '')
    const { code, stdout } = await runArchiver([site.configPath, '--import-only'])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'Import: 1 run archived (1), 0 failed\n' })
  })

  test('a record of the original tools that lacks a file is completed', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    const path = join(site.recordsDir, '1', 'pmtbot02.fcl')
    const whole = readFileSync(path)
    rmSync(path)
    await runArchiver([site.configPath, '--import-only'])
    writeFileSync(path, whole)
    utimesSync(path, new Date(), new Date())
    const { stdout, stderr } = await runArchiver([site.configPath])
    expect(stderr).toContain('[Import] [Run 1] is in artdaqDB without pmtbot02.fcl and counts as not archived')
    expect(stdout).toContain('Import: 1 run archived (1), 0 failed\nMigration: 1 run archived (1), 0 failed')
    expect(site.blob(1)).toContain('pmtbot02.fcl:')
  })
})
