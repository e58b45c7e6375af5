import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite } from '../support/site.js'

const dir = useTempDir()

describe('archiver failures', () => {
  test('runs with their attempts, error and first failure, as a table and as JSON', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2, 30])
    site.breakRun(2)
    await runArchiver([site.configPath], { now: () => Date.UTC(2026, 0, 1) })
    await runArchiver([site.configPath, '--retry-failed-import'], { now: () => Date.UTC(2026, 0, 2) })
    const { code, stdout } = await runArchiver(['failures', site.configPath])
    expect(code).toBe(0)
    const [head, row, ...more] = stdout.split('\n')
    expect(head).toBe('RUN  STAGE   ATTEMPTS  SINCE                     ERROR')
    expect(row).toMatch(/^2 {4}import {2}2 {9}2026-01-01T00:00:00.000Z {2}Cannot read FHiCL of "tpc01.fcl"/)
    expect(more).toEqual([''])
    const asJson = JSON.parse((await runArchiver(['failures', site.configPath, '--json'])).stdout)
    expect(asJson).toMatchObject({
      failures: [
        {
          run: 2,
          stage: 'import',
          attempts: 2,
          executions: 2,
          errorCode: 'ERR_RUN_RECORD',
          since: '2026-01-01T00:00:00.000Z',
          lastFailure: '2026-01-02T00:00:00.000Z',
          arrived: false,
        },
      ],
      problems: [],
      exitCode: 0,
    })
  })

  test('the failure logs are the truth: what only the history knows is not shown, what only a log knows has no error', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2, 3])
    site.breakRun(1)
    site.breakRun(2)
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'import_failures.log'), '2\n77\n')
    const { failures } = JSON.parse((await runArchiver(['failures', site.configPath, '--json'])).stdout)
    expect(failures).toMatchObject([
      { run: 2, attempts: 1 },
      { run: 77, arrived: false },
    ])
    expect(failures[1].error).toBeUndefined()
    const { stdout } = await runArchiver(['failures', site.configPath])
    expect(stdout).toMatch(/77 {3}import {2}- {9}- +unknown\n/)
  })

  test('runs that have arrived meanwhile are marked; --stage chooses', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'import_failures.log'), '1\n5\n')
    writeFileSync(join(site.workDir, 'migrate_failures.log'), '2\n')
    const { stdout } = await runArchiver(['failures', site.configPath])
    expect(stdout.match(/has arrived meanwhile/g)).toHaveLength(2)
    const { failures } = JSON.parse(
      (await runArchiver(['failures', site.configPath, '--stage', 'migration', '--json'])).stdout,
    )
    expect(failures).toEqual([{ run: 2, stage: 'migration', arrived: true }])
  })

  test('no failures need no store', async () => {
    const site = makeSite(dir())
    expect(await runArchiver(['failures', site.configPath])).toMatchObject({ code: 0, stdout: 'No failed runs\n' })
    expect(readdirSync(site.dir).sort()).toEqual(['conf', 'config.yaml', 'run_records'])
  })

  test('a store or log that cannot be read is told, and exit 1', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'migrate_failures.log'), '1\n')
    rmSync(site.archiveDir, { recursive: true })
    const lost = await runArchiver(['failures', site.configPath])
    expect(lost.code).toBe(1)
    expect(lost.stdout).toMatch(/^RUN .*\n1 {4}migration/)
    expect(lost.stdout).toContain('Problem: Which runs have arrived meanwhile is not known')
    rmSync(join(site.workDir, 'migrate_failures.log'))
    mkdirSync(join(site.workDir, 'migrate_failures.log'))
    expect(await runArchiver(['failures', site.configPath])).toMatchObject({ code: 1 })
  })

  test('an error from a record cannot write to the terminal', async () => {
    const site = makeSite(dir())
    mkdirSync(site.workDir)
    writeFileSync(join(site.workDir, 'import_failures.log'), '1\n')
    const event = {
      at: '2026-01-01T00:00:00.000Z',
      executionId: 'x',
      stage: 'Import',
      run: 1,
      outcome: 'failed',
      attempts: 1,
    }
    writeFileSync(
      join(site.workDir, 'run_history.jsonl'),
      `${JSON.stringify({ ...event, durationMs: 1, error: '\u001b[2Jbad\u0007' })}\n`,
    )
    const { stdout } = await runArchiver(['failures', site.configPath])
    expect(stdout).toContain('\\u001b[2Jbad\\u0007')
  })
})
