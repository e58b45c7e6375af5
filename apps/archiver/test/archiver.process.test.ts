import { rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { makeSite } from './support/site.js'
import { spawnArchiver } from './support/spawn-archiver.js'

const dir = useTempDir()
const many = Array.from({ length: 40 }, (_, index) => 1000 + index)

function busySite() {
  const site = makeSite(dir())
  site.configure({ batch_size: 40, parallel_workers: 2 })
  site.addRuns(many, { bytes: 20_000 })
  return site
}

describe('archiver, stopped', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s finishes the runs in flight, records them and exits 130',
    async (signal) => {
      const site = busySite()
      const archiver = spawnArchiver([site.configPath])
      await archiver.logged('[Import] [Run 1003] done')
      archiver.kill(signal)
      const { code, stdout, stderr } = await archiver.finished
      expect(code).toBe(130)
      expect(stderr).toContain(`${signal}: finishing the runs in flight, then stopping`)
      const notBegun = /, (\d+) not begun/.exec(stdout)
      expect(Number(notBegun?.[1])).toBeGreaterThan(0)
      expect(stdout).not.toContain('Migration')
      const { last_attempted_run: attempted } = site.state('importer') as { last_attempted_run: number }
      expect(attempted).toBe(1039 - Number(notBegun?.[1]))

      const resumed = await runArchiver([site.configPath, '--incremental'])
      expect(resumed.code).toBe(0)
      expect(resumed.stdout).toContain(`Import: ${notBegun?.[1]} run`)
      expect(site.archived()).toEqual(many)
    },
  )

  test('three signals within two seconds end it at once', async () => {
    const site = busySite()
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('[Import] [Run 1000] done')
    for (const expected of ['finishing the runs', '2 of 3', 'asked three times']) {
      archiver.kill('SIGINT')
      await archiver.logged(expected)
    }
    expect((await archiver.finished).code).toBe(130)
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(site.archived()).toEqual(many)
  })

  test('killed in the middle of a batch, it repeats no finished run and misses none', async () => {
    const site = busySite()
    site.breakRun(1002)
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('[Import] [Run 1009] done')
    archiver.kill('SIGKILL')
    const killed = await archiver.finished
    expect(killed.signal).toBe('SIGKILL')
    const finishedBefore = [...killed.stderr.matchAll(/\[Import\] \[Run (\d+)\] done/g)].map((match) =>
      Number(match[1]),
    )
    expect(site.failures('import')).toEqual([1002])

    const resumed = await runArchiver([site.configPath, '--incremental'])
    expect(resumed.code).toBe(0)
    expect(resumed.stderr).toMatch(/The last archiver \(process \d+ on .*\) ended without releasing/)
    const finishedAfter = [...resumed.stderr.matchAll(/\[Import\] \[Run (\d+)\] done/g)].map((match) =>
      Number(match[1]),
    )
    expect(finishedAfter.filter((run) => finishedBefore.includes(run))).toEqual([])
    const good = many.filter((run) => run !== 1002)
    expect([...finishedBefore, ...finishedAfter].sort((a, b) => a - b)).toEqual(good)
    expect(site.archived()).toEqual(good)
    expect(site.failures('import')).toEqual([1002])
  })
})

describe('archiver, started twice', () => {
  test('the second one exits 1 at once, names the holder, and the first one is not disturbed', async () => {
    const site = busySite()
    const first = spawnArchiver([site.configPath])
    await first.logged('[Import] [Run 1001] done')
    const second = await runArchiver([site.configPath])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(`${first.pid}`)
    expect(second.stderr).toContain(join(site.workDir, '.archiver.lock'))
    const { code, stdout } = await first.finished
    expect(code).toBe(0)
    expect(stdout).toBe(
      'Import: 40 runs archived (1000-1039), 0 failed\nMigration: 40 runs archived (1000-1039), 0 failed\n',
    )
  })

  test('a report while one runs exits 1 as well', async () => {
    const site = busySite()
    const first = spawnArchiver([site.configPath])
    await first.logged('[Import] [Run 1001] done')
    expect((await runArchiver([site.configPath, '--report-status'])).code).toBe(1)
    expect((await first.finished).code).toBe(0)
  })
})

describe('archiver, lock file removed', () => {
  test('it finishes the runs in flight and exits 130 with the reason', async () => {
    const site = makeSite(dir())
    site.configure(
      { retry_delay_seconds: 0.3, run_process_retries: 100, parallel_workers: 1 },
      'app_fuzz:\n  random_error_percent: 100\n',
    )
    site.addRuns([1, 2])
    const archiver = spawnArchiver([site.configPath])
    await archiver.logged('attempt 1 of 101 failed')
    rmSync(join(site.workDir, '.archiver.lock'))
    const { code, stderr } = await archiver.finished
    expect(code).toBe(130)
    expect(stderr).toContain('was removed: finishing the runs in flight, then stopping')
    expect(stderr).toContain('Stopped early: Lock file removed')
    expect(site.failures('import')).toEqual([1])
  })
})

describe('archiver, lock file overwritten', () => {
  test('a second start of a program that empties the file first does not disturb it', async () => {
    const site = makeSite(dir())
    site.configure({ retry_delay_seconds: 0.5, run_process_retries: 3 }, 'app_fuzz:\n  random_error_percent: 100\n')
    site.addRuns([1])
    const archiver = spawnArchiver([site.configPath, '--import-only'])
    await archiver.logged('attempt 1 of 4 failed')
    writeFileSync(join(site.workDir, '.archiver.lock'), '')
    await archiver.logged('the lock itself is still held')
    const { code, stdout } = await archiver.finished
    expect(code).toBe(1)
    expect(stdout).toContain('Import: 0 runs archived, 1 failed')
  })
})

describe('archiver, the command', () => {
  test('a closed pipe is no error', async () => {
    const site = makeSite(dir())
    const { execFileSync } = await import('node:child_process')
    const bin = new URL('../bin/archiver.js', import.meta.url).pathname
    const line = `"${process.execPath}" "${bin}" "${site.configPath}" -q --report-status | true; echo "\${PIPESTATUS[0]}"`
    expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' })).toBe('0\n')
  })

  test('logs that cannot be shown for a full disk do not end it', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    const { execFileSync } = await import('node:child_process')
    const bin = new URL('../bin/archiver.js', import.meta.url).pathname
    const line = `"${process.execPath}" "${bin}" "${site.configPath}" -v 2>/dev/full; echo "$?"`
    expect(execFileSync('bash', ['-c', line], { encoding: 'utf8' })).toMatch(
      /Migration: 2 runs archived \(1-2\), 0 failed\n0\n$/,
    )
    expect(site.archived()).toEqual([1, 2])
  })

  test('a result that a full disk cuts short is a failure', async () => {
    const site = makeSite(dir())
    site.addRuns(Array.from({ length: 300 }, (_, index) => 100 + 2 * index))
    const { spawnSync } = await import('node:child_process')
    const bin = new URL('../bin/archiver.js', import.meta.url).pathname
    const target = join(dir(), 'report.json')
    const line = `trap '' XFSZ; ulimit -f 8; "${process.execPath}" "${bin}" "${site.configPath}" -q --report-status --json > "${target}"`
    const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('archiver: The result cannot be written to the standard output: EFBIG')
    expect(statSync(target).size).toBeGreaterThan(0)
  })

  test('wrong usage with --json prints one document', async () => {
    const { code, stdout } = await runArchiver(['--import-only', '--migrate-only', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'ERR_USAGE' }, exitCode: 2 })
  })

  test('wrong usage exits 2 and says what is wrong on stderr', async () => {
    const { code, stdout, stderr } = await spawnArchiver(['--import-only', '--migrate-only']).finished
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(
      "archiver: option '--import-only' cannot be used with option '--migrate-only'\nSee 'archiver --help'",
    )
  })

  test('a configuration that cannot be read exits 1', async () => {
    const { code, stderr } = await spawnArchiver([join(dir(), 'nothing.yaml')]).finished
    expect(code).toBe(1)
    expect(stderr).toContain('nothing.yaml')
  })
})
