/** Every scenario on the page for operators is executed as it stands there, by a shell, with the real command. */
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runArchiver } from '../support/run-archiver.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const APP = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(join(APP, '../../docs/operating.md'), 'utf8')
const SCENARIOS = new Map(
  [...PAGE.matchAll(/^<!-- scenario: ([a-z ]+) -->\n```sh\n(.*?)^```/gms)].map(([, name = '', script = '']) => [
    name,
    script,
  ]),
)

const dir = useTempDir()
let site: Site
const executed = new Set<string>()

beforeEach(() => {
  site = makeSite(dir())
  mkdirSync(join(dir(), 'bin'))
  command('archiver', `exec '${process.execPath}' '${APP}/bin/archiver.js' "$@"`)
  // The service manager is not there; what it is asked for is written down.
  command('systemctl', `echo "$@" >> '${dir()}/systemctl'`)
  command('sudo', 'exec "$@"')
})

function command(name: string, body: string): void {
  const path = join(dir(), 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

function scenario(name: string, env: Readonly<Record<string, string>> = {}): string {
  const script = SCENARIOS.get(name)
  if (script === undefined) throw new Error(`The page has no scenario '${name}'`)
  executed.add(name)
  const path = [join(dir(), 'bin'), dirname(process.execPath), process.env.PATH ?? ''].join(delimiter)
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd: dir(),
    env: { ...process.env, PATH: path, CONFIG: site.configPath, STATE: site.workDir, ...env },
    encoding: 'utf8',
  })
  expect(`${status}\n${status === 0 ? '' : stdout + stderr}`).toBe('0\n')
  return stdout
}

/** 100 to 105 are archived, but 103 failed in the import. */
async function siteWithGap(): Promise<() => void> {
  site.addRuns([100, 101, 102, 103, 104, 105])
  const mend = site.breakRun(103)
  expect((await runArchiver([site.configPath, '--incremental', '-q'])).code).toBe(1)
  site.configure({ batch_size: 10 })
  await runArchiver([site.configPath, '--incremental', '-q'])
  expect(site.failures('import')).toEqual([103])
  return mend
}

function forgetState(): void {
  for (const name of readdirSync(site.workDir)) if (/state|failures/.test(name)) rmSync(join(site.workDir, name))
}

describe('operating.md', () => {
  test('first look', async () => {
    await siteWithGap()
    const out = scenario('first look')
    expect(out).toContain('103')
    expect(out).toContain(site.recordsDir)
  })

  test('scenario 1: fresh deployment on existing data', async () => {
    const mend = await siteWithGap()
    forgetState()
    mend()
    scenario('fresh deployment')
    expect(site.archived()).toEqual([100, 101, 102, 103, 104, 105])
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 105, last_attempted_run: 105 })
    expect(site.failures('import')).toEqual([])
  })

  test('scenario 2: a state file is damaged', async () => {
    site.addRuns([100, 101])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'importer_state.json'), '{corrupted data')
    rmSync(join(site.workDir, 'importer_state.json.bak'), { force: true })
    site.addRuns([102])
    scenario('state file corruption')
    expect(site.archived()).toEqual([100, 101, 102])
    expect(site.work('importer_state.json.corrupted')).toBe('{corrupted data')
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 102, last_attempted_run: 102 })
  })

  test('scenario 3: a gap in the run sequence', async () => {
    const mend = await siteWithGap()
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 102, last_attempted_run: 105 })
    mend()
    const out = scenario('gap')
    expect(out).toContain('103')
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 105, last_attempted_run: 105 })
    expect(site.archived()).toEqual([100, 101, 102, 103, 104, 105])
  })

  test('scenario 4: runs were stored with other tools', async () => {
    site.addRuns([100, 101])
    await runArchiver([site.configPath])
    site.addRuns([102, 103])
    // Another program stores them, with a work folder of its own.
    await runArchiver([site.configPath, '--import-only', '--work-dir', join(dir(), 'elsewhere')])
    scenario('manual database operations')
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 103, last_attempted_run: 103 })
    expect(site.archived()).toEqual([100, 101, 102, 103])
  })

  test('scenario 5: it was interrupted', async () => {
    const runs = Array.from({ length: 20 }, (_, index) => 100 + index)
    site.configure({ batch_size: 20 })
    site.addRuns(runs, { bytes: 20_000 })
    const archiver = spawnArchiver([site.configPath, '--incremental'])
    await archiver.logged('[Import] [Run 105] done')
    archiver.kill('SIGKILL')
    await archiver.finished
    expect(existsSync(join(site.workDir, '.archiver.lock'))).toBe(true)
    scenario('processing interrupted')
    expect(site.archived()).toEqual(runs)
  })

  test('late runs', async () => {
    site.addRuns([100, 102])
    await runArchiver([site.configPath, '--incremental'])
    site.addRuns([101])
    scenario('late runs')
    expect(site.archived()).toEqual([100, 101, 102])
  })

  test('editing the state by hand', async () => {
    site.addRuns([100, 101])
    await runArchiver([site.configPath])
    scenario('manual edit')
    expect(site.state('importer')).toEqual({ last_contiguous_run: 100, last_attempted_run: 100 })
    expect(site.work('importer_state.json.backup')).toContain('101')
    expect(readFileSync(join(dir(), 'systemctl'), 'utf8')).toMatch(/^stop .*\nstart .*\n$/)
    expect((await runArchiver([site.configPath, '--incremental'])).code).toBe(0)
    expect(site.archived()).toEqual([100, 101])
  })

  test('starting the tracking afresh', async () => {
    await siteWithGap()
    scenario('reset')
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 102, last_attempted_run: 105 })
    expect(site.failures('import')).toEqual([103])
    expect(readdirSync(dir()).some((name) => name.startsWith('state-backup-'))).toBe(true)
  })

  test('backing the state up', async () => {
    await siteWithGap()
    scenario('backup')
    const [archive = ''] = readdirSync(dir()).filter((name) => name.startsWith('archiver-state-'))
    const { stdout } = spawnSync('tar', ['-tzf', join(dir(), archive)], { encoding: 'utf8' })
    expect(stdout).toContain('importer_state.json')
    expect(stdout).toContain('import_failures.log')
  })

  test('how many have failed', async () => {
    await siteWithGap()
    const [count, ...rest] = scenario('monitor failure logs').split('\n')
    expect(count?.trim()).toBe('1')
    expect(JSON.parse(rest.join('\n'))).toMatchObject({ failures: [{ run: 103 }] })
  })

  test('runs are processed again and again', async () => {
    site.addRuns([100, 101, 102])
    await runArchiver([site.configPath])
    writeFileSync(join(site.workDir, 'importer_state.json'), '{"last_contiguous_run": 0, "last_attempted_run": 0}')
    scenario('runs processed repeatedly')
    expect(site.state('importer')).toMatchObject({ last_contiguous_run: 102, last_attempted_run: 102 })
  })

  test('gaps do not fill', async () => {
    await siteWithGap()
    const out = scenario('gaps not filling')
    expect(out).toContain('still failing')
    expect(out).toContain('tpc01.fcl')
  })

  test('a state file cannot be written', async () => {
    site.addRuns([100])
    await runArchiver([site.configPath])
    const uid = process.getuid?.() ?? 0
    const user = uid === 0 ? 65_534 : uid
    for (const path of uid === 0
      ? [dir(), ...readdirSync(dir(), { recursive: true, encoding: 'utf8' }).map((name) => join(dir(), name))]
      : [])
      chownSync(path, user, user)
    if (uid === 0) for (const name of ['.', ...readdirSync(site.workDir)]) chownSync(join(site.workDir, name), 0, 0)
    chmodSync(site.workDir, 0o555)
    chmodSync(dir(), 0o755)
    site.addRuns([101])
    const program = spawnArchiver([site.configPath, '--incremental'], uid === 0 ? { uid: user } : {})
    expect((await program.finished).code).toBe(1)
    scenario('state file cannot be written', { ARCHIVER_USER: String(user) })
    const again = spawnArchiver([site.configPath, '--incremental', '--import-only'], uid === 0 ? { uid: user } : {})
    expect(await again.finished).toMatchObject({ code: 0 })
  })

  test('is what we archived still good?', async () => {
    site.addRuns([100, 101])
    await runArchiver([site.configPath])
    scenario('verify', { RUN: '101' })
    expect(readdirSync(join(dir(), 'run-again'), { recursive: true }).length).toBeGreaterThan(0)
  })

  test('there is a test for each scenario of the page', () => {
    expect([...SCENARIOS.keys()].sort()).toEqual([...executed].sort())
  })

  test('the units and the cron line are well-formed and name options that exist', async () => {
    const units = [...PAGE.matchAll(/^`(\/etc\/systemd\/system\/[\w.-]+)`\n\n```ini\n(.*?)^```/gms)]
    expect(units.map(([, path]) => path?.split('/').at(-1))).toEqual([
      'run-record-archiver.service',
      'run-record-archiver.timer',
      'run-record-archiver-watch.service',
    ])
    const lines = [...PAGE.matchAll(/\/usr\/local\/bin\/archiver (.+)$/gm)].map(([, args = '']) => args.split(' '))
    expect(lines.length).toBe(3)
    for (const args of lines) {
      // Understood as a command line: what is missing is the configuration, not an option.
      const { code, stderr } = await runArchiver(
        args.map((arg) => (arg === 'config.yaml' ? '/nowhere/config.yaml' : arg)),
      )
      expect(stderr).toContain("Cannot read the configuration '/nowhere/config.yaml'")
      expect(code).toBe(1)
    }
  })

  test('archiver.env is read from beside the configuration', async () => {
    site.configure({}, '', { writer_user: '${UCONDB_USER}', writer_password: '${UCONDB_PASSWORD}' })
    const block = /^### archiver\.env.*?^```\n(.*?)^```/ms.exec(PAGE)?.[1] ?? ''
    writeFileSync(join(dir(), 'archiver.env'), block)
    site.addRuns([100])
    expect((await runArchiver([site.configPath])).code).toBe(0)
    expect(parse(readFileSync(site.configPath, 'utf8'))).toMatchObject({ ucon_db: { writer_user: '${UCONDB_USER}' } })
  })
})
