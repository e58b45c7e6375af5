import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { FileLock } from '@holdfast/lock'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/doctor/finding.js'
import { type RunOptions, runArchiver } from '../support/run-archiver.js'
import { serveSilence, serveUconDb } from '../support/serve-ucondb.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const dir = useTempDir()
const NOBODY = 65_534

async function doctor(site: Site, options: RunOptions = {}) {
  const { code, stdout } = await runArchiver(['doctor', site.configPath, '--json'], options)
  const findings: Finding[] = JSON.parse(stdout).findings
  const bad = findings.filter(({ level }) => level !== 'ok')
  for (const { fix } of bad) expect(fix).toMatch(/\S/)
  return { code, bad, findings }
}

async function workedSite(): Promise<Site> {
  const site = makeSite(dir())
  site.addRuns([1, 2])
  await runArchiver([site.configPath])
  return site
}

function snapshot(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map(String).sort()
}

describe('archiver doctor', () => {
  test('a site that works, before and after its first execution: exit 0, no findings, nothing written', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    const before = snapshot(site.dir)
    expect(await doctor(site)).toMatchObject({ code: 0, bad: [] })
    expect(snapshot(site.dir)).toEqual(before)
    await runArchiver([site.configPath])
    const after = snapshot(site.dir)
    const lock = readFileSync(join(site.workDir, '.archiver.lock'))
    expect(await doctor(site)).toMatchObject({ code: 0, bad: [] })
    expect(snapshot(site.dir)).toEqual(after)
    expect(readFileSync(join(site.workDir, '.archiver.lock'))).toEqual(lock)
    const { stdout } = await runArchiver(['doctor', site.configPath])
    expect(stdout).toMatch(/^ok {7}node {9} +Node\.js \d/)
    expect(stdout).toMatch(/\n0 problems, 0 warnings\n$/)
  })

  test.each([
    ['is missing', (path: string) => rmSync(path), 'there is no such file'],
    ['is no YAML', (path: string) => writeFileSync(path, 'app: [1'), 'Cannot read the configuration'],
    ['has mistakes', (path: string) => writeFileSync(path, 'app:\n  batch_size: x\n'), 'app.batch_size: expected'],
    ['is not text', (path: string) => writeFileSync(path, Buffer.from([0xff, 0xfe])), 'not valid UTF-8'],
  ])('a configuration that %s is the finding', async (_what, spoil, message) => {
    const site = makeSite(dir())
    spoil(site.configPath)
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad).toMatchObject([{ check: 'configuration', level: 'problem', what: expect.stringContaining(message) }])
  })

  test('an archiver.env that cannot be read is the finding', async () => {
    const site = makeSite(dir())
    mkdirSync(join(site.dir, 'archiver.env'))
    expect((await doctor(site)).bad).toMatchObject([
      { check: 'configuration', level: 'problem', what: expect.stringContaining('archiver.env') },
    ])
  })

  test('missing folders, schema and disks', async () => {
    const site = await workedSite()
    for (const path of [site.recordsDir, site.archiveDir, site.databaseDir]) rmSync(path, { recursive: true })
    writeFileSync(join(site.dir, 'conf', 'schema.fcl'), 'a: [\n')
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad.map(({ check, level }) => `${check} ${level}`)).toEqual([
      'folders problem',
      'run records problem',
      'schema problem',
      'artdaqDB problem',
      'UconDB problem',
    ])
    expect(bad[2]?.what).toContain('schema.fcl')
  })

  test.skipIf(process.getuid?.() !== 0)('what another user may not read or write', async () => {
    const site = await workedSite()
    chmodSync(dir(), 0o755)
    chmodSync(join(site.workDir, 'importer_state.json'), 0o600)
    chmodSync(site.databaseDir, 0o700)
    const { code, stdout } = await spawnArchiver(['doctor', site.configPath, '--json'], { uid: NOBODY }).finished
    expect(code).toBe(1)
    const problems: Finding[] = JSON.parse(stdout).findings.filter(({ level }: Finding) => level === 'problem')
    const said = problems.map(({ what, fix }) => `${what}; ${fix}`).join('\n')
    expect(said).toContain(
      `The folder '${site.workDir}' (work folder) cannot be written by this user; It belongs to user 0`,
    )
    expect(said).toContain(`'${site.workDir}/importer_state.json' cannot be read and written by this user`)
    expect(said).toContain(`chown ${NOBODY} '${site.workDir}/importer_state.json'`)
    expect(said).toContain(`The folder '${site.databaseDir}' (artdaqDB) cannot be read or written`)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'files of another user and files that everybody may write are warnings',
    async () => {
      const site = await workedSite()
      chownSync(site.workDir, NOBODY, NOBODY)
      chownSync(join(site.workDir, 'importer_state.json'), NOBODY, NOBODY)
      chmodSync(join(site.workDir, 'migrator_state.json'), 0o666)
      const { code, bad } = await doctor(site)
      expect(code).toBe(0)
      expect(bad.map(({ level, what }) => `${level} ${what}`)).toEqual([
        `warning The folder '${site.workDir}' (work folder) belongs to user ${NOBODY}, and this is user 0`,
        `warning '${site.workDir}/importer_state.json' belongs to user ${NOBODY}, and this is user 0`,
        `warning Everybody may write to '${site.workDir}/migrator_state.json'`,
      ])
    },
  )

  test('a full disk', async ({ skip }) => {
    const disk = mountTinyFileSystem(1_000_000)
    if (disk === undefined) return skip('mounting needs root')
    const site = makeSite(dir())
    site.addRuns([1])
    site.configure({ work_dir: disk })
    fillDisk(disk)
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad[0]).toMatchObject({
      check: 'disk space',
      level: 'problem',
      what: 'Only 0 bytes are free for the work folder',
    })
  })

  test('a lock that is held names its holder and is no problem; the holder is not disturbed', async () => {
    const site = await workedSite()
    const path = join(site.workDir, '.archiver.lock')
    await using lock = await FileLock.acquire(path)
    const { code, findings } = await doctor(site)
    expect(code).toBe(0)
    expect(findings.find(({ check }) => check === 'lock')).toMatchObject({
      level: 'ok',
      what: expect.stringContaining(`is held by process ${process.pid}`),
    })
    expect(lock.isLockFileValid()).toBe(true)
  })

  test('the lock of an archiver that was killed is a warning', async () => {
    const site = makeSite(dir())
    site.configure({ retry_delay_seconds: 60 }, 'app_fuzz:\n  random_error_percent: 100\n')
    site.addRuns([1])
    const archiver = spawnArchiver([site.configPath, '--import-only'])
    await archiver.logged('attempt 1 of 3 failed')
    archiver.kill('SIGKILL')
    await archiver.finished
    const { code, bad } = await doctor(site)
    expect(code).toBe(0)
    expect(bad).toMatchObject([
      { check: 'lock', level: 'warning', what: expect.stringContaining(`(process ${archiver.pid} on`) },
    ])
  })

  test('a lock file that is a folder is a problem', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    mkdirSync(join(site.workDir, '.archiver.lock'), { recursive: true })
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad.map(({ check }) => check)).toEqual(['files', 'lock'])
  })

  test('damaged state, logs and history, each with its fix, and left as they are', async () => {
    const site = await workedSite()
    writeFileSync(join(site.workDir, 'importer_state.json'), 'junk')
    writeFileSync(join(site.workDir, 'migrate_failures.log'), Buffer.from([0, 0, 0]))
    writeFileSync(join(site.workDir, 'run_history.jsonl'), 'junk\n')
    const before = snapshot(site.workDir)
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad).toMatchObject([
      { check: 'state', level: 'problem', fix: expect.stringContaining(' --recover-import-state') },
      { check: 'state', level: 'problem', fix: expect.stringContaining(' --recover-migrate-state') },
      { check: 'history', level: 'warning' },
    ])
    expect(snapshot(site.workDir)).toEqual(before)
  })

  test('what it tells to type against damaged state mends it, from any folder and with the same work folder', async () => {
    const site = makeSite(dir())
    site.addRuns([1, 2])
    const workDir = join(dir(), 'elsewhere')
    const inFolder = ['--work-dir', workDir]
    await runArchiver([site.configPath, ...inFolder])
    writeFileSync(join(workDir, 'importer_state.json'), 'junk')
    writeFileSync(join(workDir, 'migrate_failures.log'), Buffer.from([0, 0, 0]))
    const look = () => runArchiver(['doctor', site.configPath, ...inFolder, '--json'])
    const fixes = (JSON.parse((await look()).stdout).findings as Finding[]).flatMap(({ fix }) => fix ?? [])
    expect(fixes).toHaveLength(2)
    for (const fix of fixes) {
      const [, command = ''] = fix.split(': archiver ')
      expect(await runArchiver(command.split(' '))).toMatchObject({ code: 0 })
    }
    expect(await look()).toMatchObject({ code: 0 })
  })

  test('a UconDB server with the right and with wrong credentials, and none at all', async () => {
    const { serverUrl, writer, stop } = await serveUconDb()
    const site = makeSite(dir())
    site.addRuns([1])
    site.configure({}, '', {
      server_url: serverUrl,
      writer_user: writer.user,
      writer_password: '${PASSWORD_OF_TEST}',
      timeout_seconds: 0.5,
    })
    const right = await doctor(site, { env: { PASSWORD_OF_TEST: writer.password } })
    expect(right).toMatchObject({ code: 0, bad: [] })
    expect(right.findings.find(({ check }) => check === 'clock')?.what).toContain('0 s apart')
    const wrong = await doctor(site, { env: { PASSWORD_OF_TEST: 'not-the-secret' } })
    expect(wrong).toMatchObject({ code: 1, bad: [{ check: 'UconDB', level: 'problem' }] })
    expect(JSON.stringify(wrong)).not.toContain('not-the-secret')
    await stop()
    const gone = await doctor(site, { env: { PASSWORD_OF_TEST: writer.password } })
    expect(gone).toMatchObject({ code: 1, bad: [{ check: 'UconDB', level: 'problem' }] })
  })

  test('a server that never answers ends at its deadline', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    site.configure({}, '', {
      server_url: await serveSilence(),
      writer_user: 'w',
      writer_password: '${P:-x}',
      timeout_seconds: 0.1,
    })
    expect(await doctor(site)).toMatchObject({ code: 1, bad: [{ check: 'UconDB', level: 'problem' }] })
  })

  test.each([
    { minutes: 2, level: 'warning' },
    { minutes: -60, level: 'problem' },
  ])('a clock that is $minutes minutes off the server is a $level', async ({ minutes, level }) => {
    const { serverUrl, writer } = await serveUconDb()
    const front = createServer((request, response) => {
      const at = new Date(Date.now() + minutes * 60_000).toUTCString()
      void fetch(`${serverUrl.replace(/\/app$/, '')}${request.url}`).then(() =>
        response.writeHead(200, { date: at }).end('3.9.7'),
      )
    })
    front.listen(0, '127.0.0.1')
    await once(front, 'listening')
    onTestFinished(() => void front.close())
    const address = front.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const site = makeSite(dir())
    site.addRuns([1])
    const { user, password } = writer
    site.configure({}, '', {
      server_url: `http://127.0.0.1:${port}/app`,
      writer_user: user,
      writer_password: password,
      timeout_seconds: 1,
    })
    const { bad } = await doctor(site)
    const found = bad.find(({ check }) => check === 'clock')
    expect(found).toMatchObject({ level, what: expect.stringMatching(/^The clocks .* UconDB server are \d+ s apart$/) })
    const apart = Number(/\d+/.exec(found?.what ?? '')?.[0])
    expect(Math.abs(apart - Math.abs(minutes * 60))).toBeLessThan(10)
  })

  test('records and state files from the future are warnings', async () => {
    const site = await workedSite()
    const future = Date.now() / 1000 + 7200
    utimesSync(join(site.recordsDir, '2'), future, future)
    const { code, bad } = await doctor(site)
    expect(code).toBe(0)
    expect(bad).toMatchObject([
      { check: 'clock', level: 'warning', what: expect.stringContaining("run_records/2' was written in the future") },
    ])
  })

  test.each([
    { name: 'archiver.env', text: 'UCONDB_PASSWORD=hunter2\n' },
    { name: 'config.yaml', text: 'ucon_db:\n  writer_password: hunter2\n' },
  ])(
    '$name with a secret that everybody may read is a problem, and the secret is not shown',
    async ({ name, text }) => {
      const site = makeSite(dir())
      site.addRuns([1])
      const path = join(site.dir, name)
      const before = name === 'config.yaml' ? readFileSync(path, 'utf8').replace('ucon_db:\n', '') : ''
      writeFileSync(path, name === 'config.yaml' ? before.replace('  server_url', `${text}  server_url`) : text)
      chmodSync(path, 0o644)
      const open = await runArchiver(['doctor', site.configPath])
      expect(open.code).toBe(1)
      expect(open.stdout).toContain(`'${path}' holds secrets, and everybody may read it`)
      expect(open.stdout).toContain(`fix: chmod 600 '${path}'`)
      expect(open.stdout + open.stderr).not.toContain('hunter2')
      chmodSync(path, 0o600)
      expect((await runArchiver(['doctor', site.configPath])).code).toBe(0)
    },
  )

  test('a log file that cannot be written', async () => {
    const site = makeSite(dir())
    site.addRuns([1])
    site.configure({ log_file: join(site.configPath, 'archiver.log') })
    const { code, bad } = await doctor(site)
    expect(code).toBe(1)
    expect(bad).toMatchObject([{ check: 'files', what: expect.stringContaining('config.yaml/archiver.log') }])
  })
})
