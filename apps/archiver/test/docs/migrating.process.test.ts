/**
 * The page about the switch from the Python program, there and back, with the real command: its blocks as they stand there, in their order, on a
 * site as that program leaves it. What it would find afterwards is read by Python.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { archive, counters, readWork, upTo } from '../support/guide.js'
import { runArchiver } from '../support/run-archiver.js'
import { serveUconDb } from '../support/serve-ucondb.js'
import { makeSite, type Site } from '../support/site.js'
import { spawnArchiver } from '../support/spawn-archiver.js'

const ROOT = join(fileURLToPath(new URL('../..', import.meta.url)), '../..')
const PAGE = readFileSync(join(ROOT, 'docs/migrating-from-python.md'), 'utf8')
const PYTHON_PROGRAM = fileURLToPath(new URL('../fixtures/python_program.py', import.meta.url))
const STEPS = new Map(
  [...PAGE.matchAll(/^<!-- step: ([A-Za-z ]+) -->\n```sh\n(.*?)^```/gms)].map(([, name = '', script = '']) => [
    name,
    script,
  ]),
)
const OLD = '/opt/run_record_archiver'

const dir = useTempDir()
let site: Site
const executed = new Set<string>()

function isMissing(program: string): boolean {
  const missing = spawnSync(program, ['--version']).error !== undefined
  if (missing && process.env.CI !== undefined) throw new Error(`${program} is missing, and CI must not skip its tests`)
  if (missing) process.stderr.write(`SKIPPED: the tests beside ${program}, which this machine does not have\n`)
  return missing
}

function python(verb: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('python3', [PYTHON_PROGRAM, verb, site.workDir, ...args], {
    encoding: 'utf8',
  })
  expect(`${status}\n${stderr}`).toBe('0\n')
  return stdout
}

function command(name: string, body: string): void {
  const path = join(dir(), 'bin', name)
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

const unit = (): string => readFileSync(join(dir(), 'archiver.service'), 'utf8')
const cron = (): string => readFileSync(join(dir(), 'cron'), 'utf8')
const systemctl = (): string => readFileSync(join(dir(), 'systemctl'), 'utf8')

function step(name: string): string {
  const script = STEPS.get(name)
  if (script === undefined) throw new Error(`The page has no step '${name}'`)
  executed.add(name)
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-u', '-o', 'pipefail', '-c', script], {
    cwd: dir(),
    env: {
      ...process.env,
      PATH: [join(dir(), 'bin'), process.env.PATH ?? ''].join(delimiter),
      OLD,
      HOLDFAST: ROOT,
      BIN: join(dir(), 'bin'),
      CONFIG: site.configPath,
      STATE: site.workDir,
      DATABASE: site.databaseDir,
      UNIT: join(dir(), 'archiver.service'),
    },
    encoding: 'utf8',
  })
  expect(`${name}: ${status}\n${status === 0 ? '' : stdout + stderr}`).toBe(`${name}: 0\n`)
  return stdout
}

async function archivedRuns(): Promise<unknown> {
  const { stdout } = await runArchiver([site.configPath, '--report-status', '--json', '--dry-run'])
  return JSON.parse(stdout).ucondb.ranges
}

/**
 * Runs 12000 to 12009 as the Python program leaves them: 12003 and 12007 failed, 12005 appeared late, 12010 and 12011 are new. Its sequence of the
 * import never began.
 */
async function siteOfThePythonProgram(lockText: string): Promise<() => void> {
  const { serverUrl, writer } = await serveUconDb()
  site = makeSite(dir())
  site.configure({ batch_size: 50, log_file: '${work_dir}/archiver.log' }, '', {
    server_url: serverUrl,
    writer_user: '${UCONDB_USER}',
    writer_password: '${UCONDB_PASSWORD}',
  })
  writeFileSync(
    join(dir(), 'archiver.env'),
    `# of the launcher\nexport UCONDB_USER=${writer.user}\nexport UCONDB_PASSWORD='${writer.password}'\n`,
    { mode: 0o600 },
  )
  site.addRuns(upTo(12000, 12009).filter((run) => run !== 12005))
  const mends = [site.breakRun(12003), site.breakRun(12007)]
  // Documents and blobs have the same form, whoever stores them.
  await archive(site, ['--work-dir', join(dir(), 'elsewhere')], 1)
  python('write', '0,12009', '12002,12009', '12003,12007', lockText)
  site.addRuns([12005, 12010, 12011])
  return () => mends.forEach((mend) => void mend())
}

beforeEach(() => {
  mkdirSync(join(dir(), 'bin'))
  command('systemctl', `echo "$@" >> '${dir()}/systemctl'`)
  command('sudo', 'exec "$@"')
  command('crontab', `if [ "$1" = -l ]; then cat '${dir()}/cron'; else cat "$1" > '${dir()}/cron'; fi`)
  writeFileSync(
    join(dir(), 'archiver.service'),
    `[Service]\nWorkingDirectory=/etc/run_record_archiver\nExecStart=${OLD}/run_archiver.sh config.yaml --incremental\n`,
  )
  writeFileSync(join(dir(), 'cron'), `*/10 * * * * cd /etc && ${OLD}/run_archiver.sh config.yaml --incremental\n`)
})

describe.skipIf(isMissing('python3'))('migrating-from-python.md', () => {
  test('there: the first execution goes on where the Python program ended', { timeout: 60_000 }, async () => {
    await siteOfThePythonProgram('4711')
    const before = readdirSync(site.workDir).map((name) => [name, readWork(site, name)])
    step('install the command')

    const looked = step('look before')
    expect(looked).toContain('Import: would process 2 runs: 12010-12011\n  Late runs below the start point: 12005')
    expect(looked).toMatch(/12003 [\s\S]*12007/)
    expect(readdirSync(site.workDir).map((name) => [name, readWork(site, name)])).toEqual(before)

    const holder = spawn('python3', [PYTHON_PROGRAM, 'hold', site.workDir, join(dir(), 'systemctl')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = once(holder, 'close')
    onTestFinished(async () => {
      holder.kill('SIGKILL')
      await ended
    })
    await once(holder.stdout, 'data')
    const refused = await runArchiver([site.configPath, '--incremental'])
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining(String(holder.pid)) })
    step('stop the Python program')
    const [copy = ''] = readdirSync(dir()).filter((name) => name.startsWith('before-holdfast-'))
    const { stdout: copiedLog } = spawnSync('tar', ['-xzOf', join(dir(), copy), './archiver.log'], { encoding: 'utf8' })
    // It was still at work when the timer was stopped.
    expect(copiedLog).toContain('end of the batch')

    step('replace the line of the service')
    step('replace the line of cron')
    const line = `${join(dir(), 'bin')}/archiver config.yaml --incremental\n`
    expect(unit()).toContain(`ExecStart=${line}`)
    expect(cron()).toBe(`*/10 * * * * cd /etc && ${line}`)

    step('first execution')
    expect(site.state('importer')).toEqual(counters(12002, 12011))
    expect(site.state('migrator')).toEqual(counters(12002, 12011))
    expect(site.failures('import')).toEqual([12003, 12007])
    expect(await archivedRuns()).toEqual([
      [12000, 12002],
      [12004, 12006],
      [12008, 12011],
    ])
  })

  test('back: after a kill, too, the Python program finds what it can read, and so do we once more', {
    timeout: 60_000,
  }, async () => {
    // An empty lock file is what a refused start of the Python program leaves.
    const mend = await siteOfThePythonProgram('')
    step('install the command')
    writeFileSync(join(dir(), 'archiver.service.python'), unit())
    writeFileSync(join(dir(), 'archiver.service'), unit().replace(OLD, '/elsewhere'))
    await archive(site, ['--incremental', '--catch-up'])
    mend()
    await archive(site, ['--retry-failed-import'])
    expect(site.failures('migrate')).toEqual([12003, 12007])
    site.addRuns(upTo(12012, 12024), { bytes: 20_000 })
    site.breakRun(12013)
    const killed = spawnArchiver([site.configPath, '--incremental'])
    await killed.logged('[Import] [Run 12016] done')
    killed.kill('SIGKILL')
    await killed.finished
    expect(existsSync(join(site.databaseDir, '.holdfast.journal'))).toBe(true)

    const report = step('back')
    expect(report).toContain('1 run(s) logged as failed (12013)')
    expect(unit()).toContain(`ExecStart=${OLD}/run_archiver.sh config.yaml --incremental\n`)
    expect(systemctl().match(/^(?:start|stop) .*/gm)).toEqual(
      ['stop', 'start'].map((verb) => `${verb} run-record-archiver.timer`),
    )
    const found = JSON.parse(python('read'))
    expect(found).toMatchObject({
      'importer_state.json': counters(12012, 12024),
      'migrator_state.json': counters(12002, 12024),
      'same bytes importer_state.json': true,
      'same bytes migrator_state.json': true,
      'integers importer_state.json': true,
      'integers migrator_state.json': true,
      'import_failures.log': [12013],
      'migrate_failures.log': [12003, 12007],
      'sorted import_failures.log': true,
      'sorted migrate_failures.log': true,
      pid: expect.any(Number),
    })
    for (const text of found.log) expect(text).toMatch(/^[\d-]{10} [\d:]{8},\d{3} - [\w.]+ - [A-Z]+ - /)
    expect(found.log[0]).toBe(
      '2026-11-20 13:45:00,123 - run_record_archiver.importer - INFO - [Import] [Run 12002] Done',
    )

    // And forward again, over what the Python program has written meanwhile.
    python('write', '12012,12025', '12002,12025', '12013,12025', '')
    site.addRuns([12025, 12026])
    await archive(site, ['--incremental'])
    expect(site.state('importer')).toEqual(counters(12012, 12026))
    expect(site.failures('import')).toEqual([12013, 12025])
  })

  test('a Python program that is started while this one is at work is refused, and disturbs nothing', async () => {
    await siteOfThePythonProgram('4711')
    const config = readFileSync(site.configPath, 'utf8')
    // At work for four seconds at least.
    writeFileSync(
      site.configPath,
      `${config.replace('retry_delay_seconds: 0\n', 'retry_delay_seconds: 0.5\n  run_process_retries: 8\n')}app_fuzz:\n  random_error_percent: 100\n`,
    )
    const archiver = spawnArchiver([site.configPath, '--incremental'])
    await archiver.logged('attempt 1 of 9 failed')
    const { status, stderr } = spawnSync('python3', [PYTHON_PROGRAM, 'hold', site.workDir, '/'], { encoding: 'utf8' })
    expect(status).toBe(1)
    expect(stderr).toContain('BlockingIOError')
    await archiver.logged('the lock itself is still held')
    expect((await archiver.finished).code).toBe(1)
    expect(site.state('importer')).toEqual(counters(12002, 12011))
    expect(site.failures('import')).toEqual([12003, 12007, 12010, 12011])
  })

  test('there is a test for each step of the page', () => {
    expect([...STEPS.keys()].sort()).toEqual([...executed].sort())
  })

  test('the commands that install name the package manager of this repository', () => {
    const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const named = [...PAGE.matchAll(/npx -y (pnpm@[\d.]+)/g)].map(([, name]) => name)
    expect(new Set(named)).toEqual(new Set([packageManager]))
  })

  test('links lead to headings that exist', () => {
    for (const [, page = '', heading = ''] of PAGE.matchAll(/\]\(([\w./-]*)#([\w-]+)\)/g)) {
      const text = page === '' ? PAGE : readFileSync(join(ROOT, 'docs', page), 'utf8')
      const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
        title
          .toLowerCase()
          .replaceAll(/[^\w\s-]/g, '')
          .replaceAll(' ', '-'),
      )
      expect(headings).toContain(heading)
    }
  })
})
