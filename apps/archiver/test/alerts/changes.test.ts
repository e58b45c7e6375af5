import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { type HttpReceiver, serveHttp } from '../support/serve-http.js'
import { makeSite, type Site } from '../support/site.js'

const dir = useTempDir()
const MINUTE = 60_000

interface Watched {
  readonly site: Site
  readonly receiver: HttpReceiver
  /** One execution at a minute of the fake clock; gives what the webhook got in it, by stage. */
  at(minute: number, ...args: string[]): Promise<Record<string, object>[]>
}

async function watch(runs: readonly number[], minInterval = 60): Promise<Watched> {
  const receiver = await serveHttp()
  const site = makeSite(dir())
  site.addRuns(runs)
  site.configure(
    { run_process_retries: 0 },
    reporting({ webhook: { url: receiver.url } }, { min_interval_minutes: minInterval }),
  )
  const start = Date.parse('2026-11-21T10:00:00Z')
  return {
    site,
    receiver,
    async at(minute, ...args) {
      const before = receiver.requests.length
      await runArchiver([site.configPath, ...args], { now: () => start + minute * MINUTE })
      return receiver.requests.slice(before).map(({ document }) => {
        const stages: { stage: string }[] = document.stages
        return Object.fromEntries(stages.map((stage) => [stage.stage, stage]))
      })
    },
  }
}

describe('archiver, alerts only on change', () => {
  test('a good execution says nothing, and leaves no file of alerts', async () => {
    const { site, at } = await watch([1, 2])
    expect(await at(0)).toEqual([])
    expect(site.work('alerts.json')).toBeUndefined()
  })

  test('new failures, no repetition of known ones, recovered, failed again', async () => {
    const { site, at } = await watch([1, 2, 3])
    const mend = site.breakRun(2)
    expect(await at(0)).toMatchObject([
      { Import: { topic: 'errors', failedRuns: [2], outstandingCount: 1, errors: [{ run: 2 }] } },
    ])
    expect(await at(61)).toEqual([])
    expect(await at(122, '--retry-failed-import')).toEqual([])
    site.addRuns([4])
    site.breakRun(4)
    expect(await at(183)).toMatchObject([{ Import: { failedRuns: [4], outstandingCount: 2 } }])
    mend()
    expect(await at(244, '--retry-failed-import')).toEqual([])
    site.addRuns([4])
    expect(await at(305, '--retry-failed-import')).toMatchObject([
      { Import: { topic: 'recovered', failedRuns: [], noFailuresLeft: true } },
    ])
    expect(await at(366)).toEqual([])
    site.addRuns([5])
    site.breakRun(5)
    expect(await at(427)).toMatchObject([{ Import: { failedRuns: [5] } }])
  })

  test('what comes within the interval is gathered into the next alert', async () => {
    const { site, at } = await watch([1])
    site.breakRun(1)
    expect(await at(0)).toHaveLength(1)
    for (const run of [2, 3]) {
      site.addRuns([run])
      site.breakRun(run)
      expect(await at(run * 10, '--incremental')).toEqual([])
    }
    expect(await at(60, '--incremental')).toMatchObject([
      {
        Import: {
          failedRuns: [2, 3],
          errors: [
            { run: 2, error: expect.stringContaining('tpc01.fcl') },
            { run: 3, error: expect.stringContaining('tpc01.fcl') },
          ],
        },
      },
    ])
  })

  test('a run that is mended within the interval still makes a recovery once it is over', async () => {
    const { site, at } = await watch([1])
    const mend = site.breakRun(1)
    expect(await at(0)).toHaveLength(1)
    mend()
    expect(await at(10, '--retry-failed-import')).toEqual([])
    expect(await at(20)).toEqual([])
    expect(await at(60)).toMatchObject([{ Import: { noFailuresLeft: true } }])
  })

  test('an interval of 0 tells at once, and so does a clock that was set back', async () => {
    const { site, receiver, at } = await watch([1], 0)
    site.breakRun(1)
    expect(await at(500)).toHaveLength(1)
    site.addRuns([2])
    site.breakRun(2)
    expect(await at(500)).toMatchObject([{ Import: { failedRuns: [2] } }])
    site.configure({}, reporting({ webhook: { url: receiver.url } }))
    site.addRuns([3])
    site.breakRun(3)
    expect(await at(10)).toMatchObject([{ Import: { failedRuns: [3] } }])
  })

  test('a store that is gone is told once, another reason again, and its return', async () => {
    const { site, at } = await watch([1])
    await at(0)
    const elsewhere = `${site.databaseDir}.unmounted`
    renameSync(site.databaseDir, elsewhere)
    expect(await at(10)).toMatchObject([
      { Archiver: { topic: 'stopped', stopped: expect.stringContaining(site.databaseDir) } },
    ])
    expect(await at(80)).toEqual([])
    expect(await at(150)).toEqual([])
    writeFileSync(site.databaseDir, 'not a folder')
    expect(await at(220)).toMatchObject([{ Archiver: { topic: 'stopped' } }])
    rmSync(site.databaseDir)
    renameSync(elsewhere, site.databaseDir)
    expect(await at(290)).toMatchObject([{ Archiver: { topic: 'recovered', goesOn: true } }])
    expect(await at(360)).toEqual([])
  })

  test('what began and ended within the interval, or while the channel was out of reach, is told as over', async () => {
    const { site, receiver, at } = await watch([1])
    await at(-10)
    site.addRuns([2])
    site.breakRun(2)
    expect(await at(0)).toHaveLength(1)
    site.addRuns([3])
    const mend = site.breakRun(3)
    expect(await at(10, '--incremental')).toEqual([])
    mend()
    renameSync(site.databaseDir, `${site.databaseDir}.unmounted`)
    expect(await at(20, '--incremental')).toEqual([])
    renameSync(`${site.databaseDir}.unmounted`, site.databaseDir)
    expect(await at(30, '--retry-failed-import')).toEqual([])
    const [told] = await at(60, '--incremental')
    expect(told).toMatchObject({
      Import: { topic: 'recovered', past: [expect.stringMatching(/^Run 3 failed, .*tpc01\.fcl/)] },
      Archiver: {
        topic: 'recovered',
        past: [expect.stringMatching(/^Archiver could not go on from .* to .*artdaqdb/)],
      },
    })
    expect(await at(130, '--incremental')).toEqual([])
    expect(JSON.parse(site.work('alerts.json') ?? '')).toMatchObject({ past: [], stops: {}, errors: {}, problems: [] })
    expect(receiver.requests).toHaveLength(2)
  })

  test('a stage that cannot go on is told beside what the other one did', async () => {
    const { site, at } = await watch([1, 2])
    await at(0)
    for (const name of readdirSync(site.workDir))
      if (/^migrator_state\.json(\.bak)?$/.test(name)) writeFileSync(join(site.workDir, name), 'junk')
    site.addRuns([3])
    site.breakRun(3)
    expect(await at(10)).toMatchObject([
      { Import: { failedRuns: [3] }, Migration: { stopped: expect.stringContaining('migrator_state.json') } },
    ])
    expect(await at(80)).toEqual([])
    await at(81, '--recover-migrate-state')
    expect(await at(150, '--migrate-only')).toMatchObject([{ Migration: { goesOn: true, topic: 'recovered' } }])
  })

  test('a blob without its metadata is told, once', async () => {
    const { site, at } = await watch([])
    site.addRuns([7])
    rmSync(join(site.recordsDir, '7', 'metadata.txt'))
    const told = await at(0, '--validate')
    expect(told).toMatchObject([{ Migration: { topic: 'warnings', failedRuns: [], problems: [{ run: 7 }] } }])
    expect(await at(70, '--validate')).toEqual([])
    expect(site.work('alerts.json')).not.toContain('metadata')
  })

  test('dry runs, reports and recoveries say nothing', async () => {
    const { site, at } = await watch([1, 2])
    site.breakRun(1)
    expect(await at(0, '--dry-run')).toEqual([])
    expect(await at(0, '--report-status')).toEqual([])
    expect(await at(0, '--recover-import-state')).toEqual([])
    expect(site.work('alerts.json')).toBeUndefined()
  })

  test('runs that a retry hands over to migration have not failed there', async () => {
    const { site, at } = await watch([1, 2])
    const mend = site.breakRun(1)
    expect(await at(0, '--incremental')).toHaveLength(1)
    mend()
    expect(await at(70, '--retry-failed-import')).toMatchObject([{ Import: { noFailuresLeft: true } }])
    expect(site.failures('migrate')).toEqual([1])
    expect(await at(140, '--retry-failed-migrate')).toEqual([])
    expect(site.archived()).toEqual([1, 2])
  })

  test('a damaged memory is set aside with a warning, and what is still wrong is told once more', async () => {
    const { site, at } = await watch([1])
    site.breakRun(1)
    await at(0)
    for (const damage of ['{"version":1,"chan', '[]', '{"version":2,"channels":{}}']) {
      writeFileSync(join(site.workDir, 'alerts.json'), damage)
      expect(await at(1, '--incremental')).toMatchObject([{ Import: { failedRuns: [1] } }])
    }
    const kept = readdirSync(site.workDir).filter((name) => name.startsWith('alerts.json.corrupt-'))
    expect(kept.length).toBeGreaterThan(0)
  })

  test('a folder in the place of the memory is set aside with a warning', async () => {
    const { site, receiver } = await watch([1, 2])
    site.breakRun(1)
    mkdirSync(join(site.workDir, 'alerts.json', 'folder'), { recursive: true })
    const { code, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(site.archived()).toEqual([2])
    expect(stderr).toMatch(/WARNING - .*alerts\.json/)
    expect(receiver.requests).toHaveLength(1)
  })

  test('a run that left the failure log and came back is told again', async () => {
    const { site, at } = await watch([1, 2])
    site.breakRun(1)
    expect(await at(0)).toHaveLength(1)
    writeFileSync(join(site.workDir, 'import_failures.log'), '')
    expect(await at(10, '--incremental')).toEqual([])
    expect(await at(20)).toEqual([])
    expect(await at(60, '--incremental')).toMatchObject([{ Import: { failedRuns: [1], noFailuresLeft: false } }])
  })

  test('a failure log that is gone is no recovery', async () => {
    const { site, at } = await watch([1, 2])
    site.breakRun(1)
    await at(0)
    rmSync(join(site.workDir, 'import_failures.log'))
    expect(await at(70, '--incremental')).toEqual([])
  })
})
