import { existsSync } from 'node:fs'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { serveSilence, serveUconDb, type UconDbAddress } from './support/serve-ucondb.js'
import { makeSite, type Settings, type Site } from './support/site.js'

const dir = useTempDir()

function siteOn({ serverUrl, writer }: UconDbAddress, settings: Settings = {}): Site {
  const site = makeSite(dir())
  const address = { server_url: serverUrl, writer_user: writer.user, writer_password: `'${writer.password}'` }
  site.configure({ run_process_retries: 0 }, '', { ...address, ...settings })
  return site
}

describe('archiver with a UconDB server', () => {
  test('archives, validates and reports', async () => {
    const site = siteOn(await serveUconDb())
    site.addRuns([1, 2, 3])
    const archived = await runArchiver([site.configPath, '--validate'])
    expect(archived).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Migration: 3 runs archived (1-3), 0 failed'),
    })
    expect((await runArchiver([site.configPath, '--report-status'])).stdout).toContain('All systems are synchronized')
  })

  test('a server that is down stops the migration, fails no run, and the next execution takes them', async () => {
    const server = await serveUconDb()
    const site = siteOn(server)
    site.addRuns([1, 2])
    await server.stop()
    const down = await runArchiver([site.configPath, '--incremental'])
    expect(down.code).toBe(1)
    expect(down.stdout).toContain('Import: 2 runs archived (1-2), 0 failed')
    expect(down.stdout).toMatch(/Migration: stopped: .*ECONNREFUSED.*Check host and port in ucon_db.server_url/)
    expect(site.failures('migrate')).toEqual([])
    const again = siteOnSame(site, await serveUconDb())
    const up = await runArchiver([again.configPath, '--incremental'])
    expect(up).toMatchObject({ code: 0, stdout: expect.stringContaining('Migration: 2 runs archived (1-2), 0 failed') })
  })

  test('a server that never answers is left at the deadline', async () => {
    const site = siteOn(
      { serverUrl: await serveSilence(), writer: { user: 'writer', password: 'x' } },
      { timeout_seconds: 0.05 },
    )
    const { code, stdout } = await runArchiver([site.configPath, '--migrate-only'])
    expect(code).toBe(1)
    expect(stdout).toMatch(/Migration: stopped: .*no complete answer within 300 ms.*raise ucon_db.timeout_seconds/)
  })

  test('wrong credentials stop the migration at once, fail no run and are not shown', async () => {
    const site = siteOn({ ...(await serveUconDb()), writer: { user: 'writer', password: 'open-sesame' } })
    site.addRuns([1, 2])
    const { code, stdout, stderr } = await runArchiver([site.configPath, '-v'])
    expect(code).toBe(1)
    expect(stdout).toMatch(
      /Migration: stopped: The server refuses to write .*; Check ucon_db.writer_user and ucon_db.writer_password/,
    )
    expect(site.failures('migrate')).toEqual([])
    expect(stdout + stderr).not.toContain('open-sesame')
  })
})

describe('archiver ucondb check', () => {
  test('says that all is well, stores nothing and takes no lock', async () => {
    const server = await serveUconDb()
    const site = siteOn(server)
    const { code, stdout } = await runArchiver(['ucondb', 'check', site.configPath])
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `${server.serverUrl}/data/runs/configuration: can be used, the folder is there\n`,
    })
    expect(existsSync(site.workDir)).toBe(false)
  })

  test('lists what is wrong and exits 1', async () => {
    const site = siteOn(await serveUconDb(), { folder_name: 'nosuch' })
    const { code, stdout } = await runArchiver(['ucondb', 'check', site.configPath, '--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      usable: false,
      folderExists: false,
      problems: [{ message: expect.stringContaining("no folder 'nosuch'") }],
    })
  })

  test('works for an embedded archive, too', async () => {
    const site = makeSite(dir())
    expect(await runArchiver(['ucondb', 'check', site.configPath])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('can be used'),
    })
    expect(existsSync(site.archiveDir)).toBe(false)
  })
})

describe('archiver ucondb create-folder', () => {
  test('makes the folder that the check misses; again is fine', async () => {
    const site = siteOn(await serveUconDb(), { folder_name: 'new_runs' })
    for (const _ of [1, 2]) expect((await runArchiver(['ucondb', 'create-folder', site.configPath])).code).toBe(0)
    expect((await runArchiver(['ucondb', 'check', site.configPath])).code).toBe(0)
  })
})

function siteOnSame(site: Site, { serverUrl, writer }: UconDbAddress): Site {
  site.configure({}, '', { server_url: serverUrl, writer_user: writer.user, writer_password: `'${writer.password}'` })
  return site
}
