import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { runArchiver } from './support/run-archiver.js'
import { makeSite, type Settings, type Site } from './support/site.js'
import { spawnArchiver } from './support/spawn-archiver.js'

const dir = useTempDir()
const SECRET = 'hunter22+/"x'
const NOBODY = 65_534

function siteWithLog(app: Settings = {}, extra = ''): Site & { log(): string } {
  const site = makeSite(dir())
  site.addRuns([1, 2])
  const path = join(site.workDir, 'archiver.log')
  site.configure({ log_file: path, ...app }, extra, { writer_user: 'writer', writer_password: `'${SECRET}'` })
  return { ...site, log: () => readFileSync(path, 'utf8') }
}

describe('archiver, log lines', () => {
  test('every line of an execution carries its id, on the console and in the file', async () => {
    const site = siteWithLog()
    const first = await runArchiver([site.configPath])
    await runArchiver([site.configPath])
    const idsOf = (text: string) =>
      text
        .trim()
        .split('\n')
        .map((line) => / \[([0-9a-f]{8})\]$/.exec(line)?.[1])
    expect(new Set(idsOf(first.stderr)).size).toBe(1)
    expect(idsOf(first.stderr)).not.toContain(undefined)
    expect([...new Set(idsOf(site.log()))]).toHaveLength(2)
    expect(site.log().startsWith(first.stderr)).toBe(true)
  })

  test('app.log_format json: both sinks write JSON lines', async () => {
    const site = siteWithLog({ log_format: 'json' })
    const { stderr } = await runArchiver([site.configPath])
    expect(stderr).toBe(site.log())
    const records = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(new Set(records.map((record) => record.execution)).size).toBe(1)
    expect(records).toContainEqual(
      expect.objectContaining({ level: 'INFO', logger: 'archiver.import', stage: 'import', run: 2 }),
    )
  })

  test('a log file that another program moves away in the middle of an execution is begun anew', async () => {
    const site = siteWithLog()
    const path = join(site.workDir, 'archiver.log')
    let isMoved = false
    const { stderr } = await runArchiver([site.configPath], {
      onLog: (text) => {
        if (isMoved || !text.includes('[Import] [Run 1] done')) return
        isMoved = true
        renameSync(path, `${path}.moved`)
      },
    })
    expect(isMoved).toBe(true)
    expect(readFileSync(`${path}.moved`, 'utf8') + site.log()).toBe(stderr)
    expect(site.log()).toContain('[Run 1] done')
  })

  test('a second start adds its lines and does not rotate the file of the first', async () => {
    const site = siteWithLog({ batch_size: 40 })
    site.addRuns(
      Array.from({ length: 30 }, (_, index) => 100 + index),
      { bytes: 20_000 },
    )
    mkdirSync(site.workDir)
    const old = '2020-01-01 00:00:00,000 - archiver - INFO - old\n'
    const first = spawnArchiver([site.configPath])
    await first.logged('[Import] [Run 1] done')
    first.kill('SIGSTOP')
    await expect.poll(() => readFileSync(`/proc/${first.pid}/stat`, 'utf8')).toMatch(/\) T /)
    // As old as this it would be rotated by anyone who may.
    writeFileSync(join(site.workDir, 'other.log'), old)
    renameSync(join(site.workDir, 'other.log'), join(site.workDir, 'archiver.log'))
    const second = await runArchiver([site.configPath])
    expect(second.code).toBe(1)
    expect(site.log()).toMatch(/old\n.* - CRITICAL - .*lock/)
    expect(readdirSync(site.workDir)).not.toContain('archiver.log.1')
    first.kill('SIGCONT')
    expect((await first.finished).code).toBe(0)
    expect(readFileSync(join(site.workDir, 'archiver.log.1'), 'utf8')).toContain('old\n')
  })
})

describe('archiver, credentials', () => {
  const hidesEverywhere = (site: { log(): string }, texts: readonly string[]) => {
    const all = [...texts, site.log()].join('\n')
    expect(all).toContain('***')
    for (const form of [SECRET, encodeURIComponent(SECRET), btoa(SECRET), btoa(`writer:${SECRET}`)])
      expect(all).not.toContain(form)
  }

  test('a failure that quotes a password shows it nowhere: not in the result, the document, the log or the history', async () => {
    const site = siteWithLog({ run_process_retries: 0 }, 'app_fuzz:\n  random_error_percent: 1\n')
    const random = () => {
      throw new Error(`server said: ${SECRET} ${encodeURIComponent(SECRET)} Basic ${btoa(`writer:${SECRET}`)}`)
    }
    for (const flags of [['-v'], ['--json']]) {
      const { code, stdout, stderr } = await runArchiver([site.configPath, ...flags], { random })
      expect(code).toBe(1)
      expect(stdout).toContain('server said: ***')
      hidesEverywhere(site, [stdout, stderr])
    }
  })

  test('an unexpected error that quotes a password shows it neither in its message nor in its stack', async () => {
    const site = siteWithLog()
    let isBroken = false
    const { code, stderr } = await runArchiver([site.configPath], {
      now: () => {
        if (isBroken) throw new Error(`clock says ${SECRET}`)
        return 0
      },
      onLog: (text) => {
        isBroken ||= text.includes('[Import] [Run 1] done')
      },
    })
    expect(code).toBe(2)
    expect(stderr).toMatch(/unexpected error[\s\S]*clock says \*\*\*\n {4}at /)
    hidesEverywhere(site, [stderr])
  })
})

describe('archiver, a log file that cannot be written', () => {
  test('a full disk stops nothing, and the console says so once', async () => {
    const small = mountTinyFileSystem(200_000)
    if (small === undefined) throw new Error('This test needs a mounted tiny file system: run it as root')
    fillDisk(small)
    const site = siteWithLog({ log_file: join(small, 'archiver.log') })
    const { code, stderr } = await spawnArchiver([site.configPath]).finished
    expect(code).toBe(0)
    expect(stderr.split('the log file').length).toBe(2)
    expect(stderr).toMatch(
      /archiver: the log file '.*' cannot be written \(.*no space left on device.*\); going on without it/i,
    )
    expect(site.archived()).toEqual([1, 2])
  })

  test.runIf(process.getuid?.() === 0)('a file without permission stops nothing', async () => {
    const site = siteWithLog({ log_file: '/proc/version' })
    for (const name of ['.', ...readdirSync(site.dir)]) chownSync(join(site.dir, name), NOBODY, NOBODY)
    chmodSync(site.dir, 0o755)
    const { code, stderr } = await spawnArchiver([site.configPath], { uid: NOBODY }).finished
    expect(code).toBe(0)
    expect(stderr).toMatch(/the log file '\/proc\/version' cannot be written .*permission denied/i)
    expect(site.archived()).toEqual([1, 2])
  })
})
