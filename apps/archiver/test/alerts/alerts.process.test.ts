import { chmodSync, chownSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { crashSweep, useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { reporting } from '../support/reporting.js'
import { runArchiver } from '../support/run-archiver.js'
import { serveHttp } from '../support/serve-http.js'
import { makeSite, type Site } from '../support/site.js'
import { type SpawnedArchiver, spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()
const BIN = new URL('../../bin/archiver.js', import.meta.url)
const NOBODY = 65_534

function siteWithBrokenRun(): Site {
  const site = makeSite(dir())
  site.addRuns([100, 101])
  site.breakRun(101)
  site.configure({ run_process_retries: 0 })
  return site
}

describe('archiver, alerts and the end of the process', () => {
  test('killed between the answer of a channel and its record, it tells again, as the same alert', async () => {
    let archiver: SpawnedArchiver | undefined
    const receiver = await serveHttp((response, count) => {
      if (count === 1) archiver?.kill('SIGKILL')
      response.end()
    })
    const site = siteWithBrokenRun()
    site.configure({ run_process_retries: 0 }, reporting({ webhook: { url: receiver.url } }))
    archiver = spawnArchiver([site.configPath])
    expect(await archiver.finished).toMatchObject({ signal: 'SIGKILL' })
    await runArchiver([site.configPath, '--incremental'])
    await runArchiver([site.configPath, '--incremental'])
    expect(receiver.requests.map(({ document }) => document.stages)).toMatchObject([
      [{ failedRuns: [101] }],
      [{ failedRuns: [101], errors: [{ run: 101 }] }],
    ])
    expect(new Set(receiver.requests.map(({ document }) => document.id)).size).toBe(1)
  })

  test('killed before any change of a file, it never leaves a failure untold, and tells it twice at most', async () => {
    const receiver = await serveHttp()
    const site = siteWithBrokenRun()
    await runArchiver([site.configPath])
    site.configure({ run_process_retries: 0 }, reporting({ webhook: { url: receiver.url } }))
    const prepare = (): void => {
      rmSync(join(site.workDir, 'alerts.json'), { force: true })
      receiver.requests.length = 0
    }
    const kills = await crashSweep(
      BIN,
      { args: [site.configPath, '--import-only', '--incremental'], prepare },
      async () => {
        await runArchiver([site.configPath, '--incremental'])
        await runArchiver([site.configPath, '--incremental'])
        expect([1, 2]).toContain(receiver.requests.length)
        for (const { document } of receiver.requests) expect(document.stages).toMatchObject([{ failedRuns: [101] }])
        expect(JSON.parse(site.work('alerts.json') ?? '').channels.webhook.stages.Import.failures).toEqual([101])
      },
    )
    expect(kills).toBeGreaterThan(5)
  }, 120_000)

  test('SIGINT while a channel does not answer ends the archiver soon; the next execution tells', async () => {
    let archiver: SpawnedArchiver | undefined
    let signalled = 0
    const receiver = await serveHttp((response, count) => {
      if (count > 1) return response.end()
      signalled = Date.now()
      archiver?.kill('SIGINT')
    })
    const site = siteWithBrokenRun()
    site.configure({ run_process_retries: 0 }, reporting({ webhook: { url: receiver.url } }))
    archiver = spawnArchiver([site.configPath])
    const { code, stderr } = await archiver.finished
    expect(Date.now() - signalled).toBeLessThan(8_000)
    expect(code).toBe(130)
    expect(stderr).toContain('Alert not sent by webhook')
    await runArchiver([site.configPath, '--incremental'])
    expect(receiver.requests).toHaveLength(2)
  })

  test('SIGINT while runs are processed sends nothing; the next execution tells', async () => {
    const receiver = await serveHttp()
    const site = siteWithBrokenRun()
    site.configure({ run_process_retries: 1, retry_delay_seconds: 60 }, reporting({ webhook: { url: receiver.url } }))
    const { code } = await runArchiver([site.configPath, '--import-only'], {
      onLog: (text, signals) => {
        if (text.includes('[Run 100] done')) signals.emit('SIGINT', 'SIGINT')
      },
    })
    expect(code).toBe(130)
    expect(receiver.requests).toEqual([])
    await runArchiver([site.configPath, '--incremental'])
    expect(receiver.requests).toMatchObject([{ document: { stages: [{ failedRuns: [101] }] } }])
  })

  test('watch tells what failed, and that it is mended, without a restart', async () => {
    const told = Array.from({ length: 2 }, () => Promise.withResolvers<void>())
    const receiver = await serveHttp((response, count) => {
      response.end()
      told[count - 1]?.resolve()
    })
    const site = makeSite(dir())
    site.addRuns([100])
    await runArchiver([site.configPath])
    site.configure({}, reporting({ webhook: { url: receiver.url } }, { min_interval_minutes: 0 }))
    renameSync(site.databaseDir, `${site.databaseDir}.unmounted`)
    const archiver = spawnArchiver(['watch', site.configPath, '--interval', '300ms', '--settle', '100ms'])
    await told[0]?.promise
    renameSync(`${site.databaseDir}.unmounted`, site.databaseDir)
    await told[1]?.promise
    archiver.kill('SIGTERM')
    expect(await archiver.finished).toMatchObject({ code: 0 })
    expect(receiver.requests.map(({ document }) => document.stages)).toMatchObject([
      [{ stage: 'Archiver', topic: 'stopped' }],
      [{ stage: 'Archiver', topic: 'recovered' }],
    ])
  })

  test('a mail server that does not answer does not keep the process', async () => {
    const server = createServer((socket) => void socket.on('error', () => undefined).resume())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const email = { recipient_email: 'a@b.c', sender_email: 'd@e.f', smtp_host: '127.0.0.1' }
    const smtp_port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const site = siteWithBrokenRun()
    site.configure({ run_process_retries: 0 }, reporting({ email: { ...email, smtp_port } }, { timeout_seconds: 1 }))
    const archiver = spawnArchiver([site.configPath])
    const { code, stderr } = await archiver.finished
    expect(code).toBe(1)
    expect(stderr).toContain('Alert not sent by email')
  })

  test.runIf(process.getuid?.() === 0)(
    'a memory that cannot be written is a warning; the alert is sent all the same',
    async () => {
      const receiver = await serveHttp()
      const site = siteWithBrokenRun()
      mkdirSync(site.workDir)
      const files = join(dir(), 'files')
      const settings = { import_state_file: 'i.json', migrate_state_file: 'm.json', import_failure_log: 'i.log' }
      const paths = Object.entries({ ...settings, migrate_failure_log: 'm.log', lock_file: 'lock' })
      const app = Object.fromEntries(paths.map(([key, name]) => [key, join(files, name)]))
      site.configure({ run_process_retries: 0, ...app }, reporting({ webhook: { url: receiver.url } }))
      for (const folder of [files, site.databaseDir, site.archiveDir]) {
        mkdirSync(folder)
        chownSync(folder, NOBODY, NOBODY)
      }
      chmodSync(dir(), 0o755)
      const { code, stderr } = await spawnArchiver([site.configPath], { uid: NOBODY }).finished
      expect(stderr).toMatch(/WARNING - .*alerts\.json' cannot be written, so that alerts may come twice/)
      expect(code).toBe(1)
      expect(receiver.requests).toHaveLength(1)
    },
  )
})
