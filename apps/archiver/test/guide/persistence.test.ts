/** What the description of the persistence package says about the whole program: its paths, its lock and exit codes, its integration tests. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { FileLock } from '@holdfast/lock'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { archive, counters, forgetState, upTo } from '../support/guide.js'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()

describe('Configuration', () => {
  test('the five paths of the example, outside the work folder and in folders that do not exist', async () => {
    const site = makeSite(dir())
    const root = join(dir(), 'var')
    const paths = {
      lock_file: join(root, 'run', 'run_record_archiver.lock'),
      import_state_file: join(root, 'run_record_archiver', 'import_state.json'),
      import_failure_log: join(root, 'run_record_archiver', 'import_failure_log'),
      migrate_state_file: join(root, 'run_record_archiver', 'migrate_state.json'),
      migrate_failure_log: join(root, 'run_record_archiver', 'migrate_failure_log'),
    }
    site.configure(paths)
    site.addRuns([100, 101])
    site.breakRun(101)
    await archive(site, [], 1)
    await archive(site, ['--recover-migrate-state'])
    for (const path of Object.values(paths)) expect(existsSync(path) ? path : `${path} is missing`).toBe(path)
  })
})

describe('Complete Lock Usage Example', () => {
  test('returns the exit code of the work: 0, or 1 when a run failed', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await archive(site)
    site.addRuns([2])
    site.breakRun(2)
    await archive(site, [], 1)
  })

  test('1 when another archiver instance is running, which is named', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await archive(site)
    await using _held = await FileLock.acquire(join(site.workDir, '.archiver.lock'))
    expect((await archive(site, [], 1)).stderr).toContain(String(process.pid))
  })

  test('2 after an unexpected error, which is told as a bug, and after wrong usage', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    let isBroken = false
    const now = (): number => {
      if (!isBroken) return Date.now()
      isBroken = false
      throw new TypeError('The clock broke')
    }
    const onLog = (text: string): void => {
      isBroken ||= text.includes('Processing 1 runs')
    }
    const { code, stderr } = await runArchiver([site.configPath], { now, onLog })
    expect(code).toBe(2)
    expect(stderr).toMatch(/unexpected error, please report it\nTypeError: The clock broke/)
    await archive(site)
    expect((await runArchiver(['--no-such-flag'])).code).toBe(2)
  })

  test('the lock is free after each way to end', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    site.breakRun(1)
    await archive(site, [], 1)
    await using lock = await FileLock.acquire(join(site.workDir, '.archiver.lock'))
    expect(lock.previous).toBeUndefined()
  })
})

describe('Lock Monitoring Thread', () => {
  test('a lock file that is deleted triggers the shutdown: what is in flight is recorded, exit code 130', async () => {
    const site = makeSite(dir())
    site.configure(
      { retry_delay_seconds: 0.3, run_process_retries: 100, parallel_workers: 1 },
      'app_fuzz:\n  random_error_percent: 100\n',
    )
    site.addRuns([1, 2])
    const archiver = spawnArchiver([site.configPath, '--import-only'])
    await archiver.logged('[Run 1] attempt 1 of 101 failed')
    rmSync(join(site.workDir, '.archiver.lock'))
    const { code, stderr } = await archiver.finished
    expect(code).toBe(130)
    expect(stderr).toContain('Lock file removed')
    expect(site.failures('import')).toEqual([1])
  })
})

describe('Integration Tests', () => {
  test('incremental processing workflows: five executions, two records that appear late, one that fails', async () => {
    const site = makeSite(dir())
    for (const run of [100, 101, 103, 104, 102]) {
      site.addRuns([run])
      if (run === 103) site.breakRun(103)
      await runArchiver([site.configPath, '--incremental'])
    }
    expect(site.failures('import')).toEqual([103])
    expect(site.archived()).toEqual([100, 101, 104])
    await archive(site, ['--incremental', '--catch-up'])
    expect(site.archived()).toEqual([100, 101, 102, 104])
    expect(site.state('importer')).toEqual(counters(102, 104))
  })

  test('failure and retry scenarios: both stages end complete', async () => {
    const site = makeSite(dir())
    site.addRuns(upTo(1, 5))
    const mends = [site.breakRun(2), site.breakRun(4)]
    await archive(site, ['--incremental'], 1)
    for (const mend of mends) mend()
    await archive(site, ['--retry-failed-import'])
    await archive(site, ['--retry-failed-migrate'])
    expect([site.state('importer'), site.state('migrator')]).toEqual([counters(5, 5), counters(5, 5)])
    expect(site.archived()).toEqual(upTo(1, 5))
  })

  test('state recovery from databases: without the run records, too, for the migration', async () => {
    const site = makeSite(dir())
    site.addRuns(upTo(1, 4))
    await archive(site)
    forgetState(site)
    rmSync(site.recordsDir, { recursive: true })
    await archive(site, ['--recover-migrate-state'])
    expect(site.state('migrator')).toEqual(counters(4, 4))
  })

  test('shutdown and cleanup operations: state and failure log are whole, the lock is free, nothing is left over', async () => {
    const site = makeSite(dir())
    site.configure({ batch_size: 20 })
    site.addRuns(upTo(1, 20), { bytes: 20_000 })
    site.breakRun(2)
    const archiver = spawnArchiver([site.configPath, '--incremental', '--import-only'])
    await archiver.logged('[Import] [Run 4] done')
    archiver.kill('SIGTERM')
    expect((await archiver.finished).code).toBe(130)
    const { last_attempted_run: reached } = site.state('importer') as { last_attempted_run: number }
    expect(site.state('importer')).toEqual(counters(1, reached))
    expect(site.failures('import')).toEqual([2])
    await using lock = await FileLock.acquire(join(site.workDir, '.archiver.lock'))
    expect(lock.previous).toBeUndefined()
  })
})
