import { existsSync, readFileSync, rmSync } from 'node:fs'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { makeSite } from './support/site.js'
import { spawnArchiver } from './support/spawn-archiver.js'
import { useTools } from './support/tool-settings.js'

const dir = useTempDir()

function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
}

describe.each([
  ['here', {}],
  ['on another host', { remote_host: 'daq@db01' }],
] as const)("archiver with the site's own tools %s", (_, settings) => {
  test('archives into MongoDB and on into UconDB, reports, and shows no credentials', { timeout: 60_000 }, async () => {
    const site = makeSite(dir())
    const tools = useTools(site, settings)
    site.addRuns([101, 102])
    const archived = await runArchiver([site.configPath, '-v'])
    expect(archived.stdout).toBe(
      'Import: 2 runs archived (101-102), 0 failed\nMigration: 2 runs archived (101-102), 0 failed\n',
    )
    expect(archived.code).toBe(0)
    expect(site.archived()).toEqual([101, 102])
    expect(site.blob(101)).toContain('\n#####\nRunHistory2.fcl:\n#####\n')
    const documents = tools.documents().length

    const reported = await runArchiver([site.configPath, '--report-status', '--compare-state'])
    expect(reported.code).toBe(0)
    expect(reported.stdout).toContain('Database URI:    mongodb://db01:27017/archive\n')
    expect(reported.stdout).toContain('All systems are synchronized')
    expect((await runArchiver([site.configPath, '--incremental'])).code).toBe(0)
    expect(tools.documents()).toHaveLength(documents)
    for (const output of [archived, reported]) expect(output.stdout + output.stderr).not.toMatch(/s3cr|daq:/)
  })
})

describe("archiver with the site's own tools", () => {
  test('the blob is the one that the native database leads to', { timeout: 60_000 }, async () => {
    const site = makeSite(dir())
    site.addRuns([7])
    const now = (): number => Date.UTC(2026, 2, 4)
    expect((await runArchiver([site.configPath], { now })).code).toBe(0)
    const expected = site.blob(7)
    for (const folder of [site.workDir, site.archiveDir]) rmSync(folder, { recursive: true })
    useTools(site)
    expect((await runArchiver([site.configPath], { now })).code).toBe(0)
    expect(site.blob(7)).toBe(expected)
  })

  test('a refused file fails its run alone and is named; a retry completes the run', { timeout: 60_000 }, async () => {
    const site = makeSite(dir())
    site.configure({ run_process_retries: 0 })
    const tools = useTools(site)
    site.addRuns([1, 2], { components: ['tpc01'] })
    site.addRuns([3], { components: ['crt09'] })
    tools.ask('bulkloader.refuse', 'crt09.fcl')
    const first = await runArchiver([site.configPath])
    expect(first.code).toBe(1)
    expect(first.stdout).toContain('Import: 2 runs archived (1-2), 1 failed')
    expect(first.stdout).toMatch(/Run 3: .*crt09\.fcl/)
    expect(site.failures('import')).toEqual([3])
    expect(site.archived()).toEqual([1, 2])
    tools.stopAsking('bulkloader.refuse')
    expect((await runArchiver([site.configPath, '--retry-failed-import'])).stdout).toBe(
      'Import: 1 run archived (3), 0 failed\n',
    )
  })

  test('a database that does not answer stops the stage and fails no run', { timeout: 60_000 }, async () => {
    const site = makeSite(dir())
    const tools = useTools(site)
    site.addRuns([1, 2])
    tools.ask('conftool.exit')
    const { code, stdout, stderr } = await runArchiver([site.configPath])
    expect(code).toBe(1)
    expect(site.failures('import')).toEqual([])
    expect(stdout + stderr).not.toMatch(/s3cr|daq:/)
    expect(stderr).toContain("Cannot use the database 'mongodb://db01:27017/archive'")
  })

  test('killed while the loader is at work, it leaves no tool running and resumes', { timeout: 60_000 }, async () => {
    const site = makeSite(dir())
    const tools = useTools(site)
    site.addRuns([1, 2, 3])
    tools.ask('bulkloader.hang', 'once')
    const archiver = spawnArchiver([site.configPath])
    const pids = await tools.hanging()
    archiver.kill('SIGKILL')
    expect((await archiver.finished).signal).toBe('SIGKILL')
    for (let tries = 0; tries < 500 && pids.some(isAlive); tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(pids.map(isAlive)).toEqual([false, false, false])
    const resumed = await runArchiver([site.configPath, '--incremental'])
    expect(resumed.code).toBe(0)
    expect(site.archived()).toEqual([1, 2, 3])
    const names = tools.documents().map(({ configuration, entity }) => `${configuration}:${entity}`)
    expect(new Set(names).size).toBe(names.length)
  })

  test('repairing the index is left to the site', async () => {
    const site = makeSite(dir())
    useTools(site)
    const { code, stderr } = await runArchiver([site.configPath, '--rebuild-database-index'])
    expect(code).toBe(1)
    expect(stderr).toContain("it is used through the site's own tools")
  })

  test.each(['-oProxyCommand=x', 'a b', 'host;ls', "'h'"])(
    'the remote host %j is a mistake in the configuration',
    async (host) => {
      const site = makeSite(dir())
      useTools(site, { remote_host: JSON.stringify(host) })
      const { code, stderr } = await runArchiver([site.configPath])
      expect(code).toBe(1)
      expect(stderr).toContain('artdaq_db.remote_host: expected host or user@host')
    },
  )

  test('the host may come from the environment, and an empty remote_host is none', async () => {
    const site = makeSite(dir())
    const tools = useTools(site, { remote_host: "''" })
    await runArchiver([site.configPath, '--report-status'])
    expect(tools.calls()).not.toContain('"tool":"ssh"')
    await runArchiver([site.configPath, '--report-status'], { env: { ARTDAQ_DATABASE_REMOTEHOST: 'db01' } })
    expect(tools.calls()).toContain('"tool":"ssh"')
  })

  test('a tool that hangs is ended after tools_timeout_seconds', async () => {
    const site = makeSite(dir())
    const tools = useTools(site, { tools_timeout_seconds: 1 })
    tools.ask('conftool.hang')
    const { code, stdout } = await runArchiver([site.configPath, '--report-status'])
    expect(code).toBe(1)
    expect(stdout).toContain('it took too long')
    expect((await tools.hanging()).map(isAlive)).toEqual([false, false, false])
  })
})
