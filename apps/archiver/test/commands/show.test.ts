import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from '../support/run-archiver.js'
import { serveUconDb } from '../support/serve-ucondb.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()

async function show(site: Site, run: number) {
  const { code, stdout } = await runArchiver(['show', String(run), site.configPath, '--json'])
  return { code, report: JSON.parse(stdout) }
}

describe('archiver show', () => {
  test('an archived run: its record, its documents, its blob and what happened', async () => {
    const site = makeSite(dir())
    site.addRuns([101])
    await runArchiver([site.configPath], { now: () => Date.UTC(2026, 2, 4) })
    const { code, report } = await show(site, 101)
    expect(code).toBe(0)
    expect(report).toMatchObject({
      run: 101,
      filesystem: { found: { folder: join(site.recordsDir, '101'), files: 11, bytes: expect.any(Number) } },
      artdaqdb: { found: { configuration: '101/physics-run-00004', complete: true, missing: [] } },
      ucondb: {
        found: {
          key: '101',
          size: Buffer.byteLength(site.blob(101)),
          adler32: expect.stringMatching(/^[0-9a-f]{8}$/),
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          storedAt: '2026-03-04T00:00:00.000Z',
        },
      },
      import: { inFailureLog: false, outcome: 'succeeded', at: '2026-03-04T00:00:00.000Z', attempts: 1 },
      migration: { inFailureLog: false, outcome: 'succeeded' },
      next: { text: 'Nothing: it is archived' },
      problems: [],
      exitCode: 0,
    })
    expect(report.artdaqdb.found.entities).toContain('RunHistory2')
    const text = await runArchiver(['show', '101', site.configPath])
    expect(text.stdout).toContain(`SHA-256:       ${report.ucondb.found.sha256}`)
    expect(text.stdout).toContain('Next: Nothing: it is archived\n')
  })

  test('a failed run: the series of its failures, the log it is in, and the command that retries it', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    site.breakRun(2)
    for (const hour of [1, 2, 3])
      await runArchiver([site.configPath, ...(hour > 1 ? ['--retry-failed-import'] : [])], {
        now: () => Date.UTC(2026, 0, 1, hour),
      })
    const { code, report } = await show(site, 2)
    expect(code).toBe(0)
    expect(report.import).toMatchObject({
      inFailureLog: true,
      outcome: 'failed',
      failingSince: '2026-01-01T01:00:00.000Z',
      at: '2026-01-01T03:00:00.000Z',
      executions: 3,
      attempts: 3,
      error: expect.stringContaining('tpc01.fcl'),
    })
    expect(report.next).toEqual({
      text: 'Mend what is wrong, then retry it',
      command: `archiver ${site.configPath} --retry-failed-import`,
    })
  })

  test.each([
    { what: 'new', run: 9, command: '--incremental' },
    { what: 'late', run: 1, command: '--incremental --catch-up' },
  ])('a $what run: the command that takes it, and that command takes it', async ({ run, command }) => {
    const site = makeSite(dir())
    site.addRuns([3, 4])
    await runArchiver([site.configPath])
    site.addRuns([run])
    const { report } = await show(site, run)
    expect(report.next.command).toBe(`archiver ${site.configPath} ${command}`)
    await runArchiver(report.next.command.split(' ').slice(1))
    expect(site.archived()).toContain(run)
  })

  test('a run that waits for the migration', async () => {
    const site = makeSite(dir())
    site.addRuns([3])
    await runArchiver([site.configPath, '--import-only'])
    const { report } = await show(site, 3)
    expect(report.next.command).toBe(`archiver ${site.configPath} --incremental`)
    expect(report.ucondb.found).toBeUndefined()
  })

  test('a half-stored run: what is missing, and the command that completes it', async () => {
    const site = makeSite(dir())
    site.addRuns([3])
    await runArchiver([site.configPath, '--import-only'])
    writeFileSync(join(site.recordsDir, '3', 'DataLogger1.fcl'), 'late: 1\n')
    const { report } = await show(site, 3)
    expect(report.artdaqdb.found).toMatchObject({ complete: false, missing: ['DataLogger1.fcl'] })
    await runArchiver(report.next.command.split(' ').slice(1))
    expect((await show(site, 3)).report.artdaqdb.found.complete).toBe(true)
  })

  test('a run that is nowhere: exit 1 with the nearest known ones', async () => {
    const site = makeSite(dir())
    site.addRuns([10, 20, 30, 40, 50])
    await runArchiver([site.configPath])
    const { code, stdout } = await runArchiver(['show', '35', site.configPath])
    expect(code).toBe(1)
    expect(stdout).toBe('Run 35 is in no place and in no failure log\n  The nearest known runs are 20, 30, 40, 50\n')
    expect((await show(site, 99)).report).toMatchObject({ isUnknown: true, nearest: [40, 50] })
  })

  test('a store that cannot be read is said so, the others are shown, exit 1', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath])
    rmSync(site.archiveDir, { recursive: true })
    const { code, stdout } = await runArchiver(['show', '1', site.configPath])
    expect(code).toBe(1)
    expect(stdout).toContain('CANNOT BE READ: There is nothing at')
    expect(stdout).toContain('Configuration: 1/physics-run-00004')
    expect(stdout).toContain(`archiver doctor ${site.configPath}`)
  })

  test('damaged files of a stage and an unreadable history are problems, and nothing is repaired', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'importer_state.json'), 'junk')
    rmSync(join(site.workDir, 'run_history.jsonl'))
    mkdirSync(join(site.workDir, 'run_history.jsonl'))
    const { code, report } = await show(site, 1)
    expect(code).toBe(1)
    expect(report.problems).toEqual([
      expect.stringContaining('importer_state.json'),
      expect.stringContaining('run_history.jsonl'),
    ])
    expect(site.work('importer_state.json')).toBe('junk')
  })

  test('a run that the Python archiver logged as failed: the error is unknown', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    mkdirSync(site.workDir)
    writeFileSync(join(site.workDir, 'import_failures.log'), '1\n')
    const { stdout } = await runArchiver(['show', '1', site.configPath])
    expect(stdout).toContain('Error:         unknown: the history has nothing about it')
  })

  test('on a UconDB server: key, size, checksum and time', async () => {
    const { serverUrl, writer } = await serveUconDb()
    const site = makeSite(dir())
    site.configure({}, '', { server_url: serverUrl, writer_user: writer.user, writer_password: writer.password })
    site.addRuns([1])
    await runArchiver([site.configPath])
    const { code, report } = await show(site, 1)
    expect(code).toBe(0)
    expect(report.ucondb.found).toMatchObject({
      key: '1',
      size: report.migration.bytes ?? expect.any(Number),
      adler32: expect.stringMatching(/^[0-9a-f]{8}$/),
      storedAt: expect.stringMatching(/Z$/),
    })
    expect(JSON.stringify(report)).not.toContain(writer.password)
  })

  test.each(['x', '-1', '1e3', '99999999999999999999'])('"%s" is no run number', async (run) => {
    const { code, stderr } = await runArchiver(['show', '--', run, '/none.yaml'])
    expect(code).toBe(2)
    expect(stderr).toContain(`'${run}' is not a run number`)
  })
})
