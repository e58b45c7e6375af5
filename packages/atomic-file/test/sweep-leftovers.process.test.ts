/** Leftovers are made by processes that are really killed, frozen or left unreaped while they write. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { fileURLToPath } from 'node:url'
import { sweepLeftovers, writeFileAtomic } from '@holdfast/atomic-file'
import { type Child, startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { callInChild, IS_ROOT, NOBODY } from './call-in-child.js'
import { recordingFs } from './recording-fs.js'

const SCENARIO = new URL('fixtures/scenario.mjs', import.meta.url)
const AFTER_THE_WRITE = 3
const HOUR_MS = 3_600_000
const dir = useTempDir()

const write = (mode: 'kill' | 'stop'): Child =>
  startChild(SCENARIO, { args: ['create', dir()], crash: { atOperation: AFTER_THE_WRITE, mode } })

/** The name of the temporary file of a process that was killed while it wrote. */
async function leftover(): Promise<string> {
  const child = write('kill')
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' })
  const [name = '', ...others] = readdirSync(dir())
  expect(others).toEqual([])
  expect(name).toMatch(new RegExp(`^\\.holdfast-[0-9a-f]{12}-${child.pid}-\\d+-[0-9a-f]{16}\\.tmp$`))
  return name
}

/** The name with other facts about its writer. */
function renamed(name: string, facts: { space?: string; pid?: number | string; startedAt?: string }): string {
  const [, dot, space, pid, startedAt, random] = /^(\.holdfast)-(.*)-(.*)-(.*)-(.*)$/.exec(name) ?? []
  return [dot, facts.space ?? space, facts.pid ?? pid, facts.startedAt ?? startedAt, random].join('-')
}

/** The name that this process gives to its temporary files. */
async function ownTemporaryName(): Promise<string> {
  const { fs, paths } = recordingFs()
  await writeFileAtomic(`${dir()}/own`, '', {}, { fs })
  return paths.find((path) => path.endsWith('.tmp'))?.slice(dir().length + 1) ?? ''
}

describe('sweepLeftovers() and writers of this machine', () => {
  test('removes the file of a killed writer and nothing else', async () => {
    const name = await leftover()
    writeFileSync(`${dir()}/state`, 'x')
    expect(await sweepLeftovers(dir())).toEqual([`${dir()}/${name}`])
    expect(readdirSync(dir())).toEqual(['state'])
    expect(await sweepLeftovers(dir())).toEqual([])
  })

  test('leaves the file of a frozen writer until it is gone, however old it is', async () => {
    const child = write('stop')
    await child.waitFor('stopped')
    const found = readdirSync(dir())
    expect(found).toHaveLength(1)
    utimesSync(`${dir()}/${found[0]}`, 0, 0)
    expect(await sweepLeftovers(dir())).toEqual([])
    expect(readdirSync(dir())).toEqual(found)
    child.kill()
    await child.exited
    expect(await sweepLeftovers(dir())).toEqual([`${dir()}/${found[0]}`])
  })

  test('leaves the files of this very process', async () => {
    const name = await ownTemporaryName()
    writeFileSync(`${dir()}/${name}`, '')
    expect(await sweepLeftovers(dir())).toEqual([])
    expect(existsSync(`${dir()}/${name}`)).toBe(true)
  })

  test.skipIf(process.platform !== 'linux')(
    'removes the file when the process id now belongs to another process',
    async () => {
      const name = await leftover()
      const reused = renamed(name, { pid: process.pid })
      renameSync(`${dir()}/${name}`, `${dir()}/${reused}`)
      expect(await sweepLeftovers(dir())).toEqual([`${dir()}/${reused}`])
    },
  )

  test.skipIf(process.platform !== 'linux')(
    'removes the file of a killed writer whose parent does not reap it',
    async () => {
      const preload = import.meta.resolve('@holdfast/testkit/crash-preload')
      const command = '"$0" "$@" & echo $!; exec sleep 60'
      const args = [process.execPath, '--import', preload, fileURLToPath(SCENARIO), 'create', dir()]
      const parent = spawn('sh', ['-c', command, ...args], {
        env: { ...process.env, HOLDFAST_CRASH_AT: String(AFTER_THE_WRITE), HOLDFAST_CRASH_MODE: 'kill' },
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      onTestFinished(() => void parent.kill('SIGKILL'))
      const pid = Number(String((await once(parent.stdout, 'data'))[0]))
      await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1'), { timeout: 5000 }).toMatch(/\) Z /)
      expect(await sweepLeftovers(dir())).toHaveLength(1)
    },
  )

  test('removes what is there although other sweeps run at once, each file reported once', async () => {
    const name = await leftover()
    for (let n = 10; n < 40; n += 1)
      copyFileSync(`${dir()}/${name}`, `${dir()}/${name.replace(/..\.tmp$/, `${n}.tmp`)}`)
    const all = readdirSync(dir())
    const removed = await Promise.all([1, 2, 3].map(() => sweepLeftovers(dir())))
    expect(removed.flat().sort()).toEqual(all.map((file) => `${dir()}/${file}`).sort())
    expect(readdirSync(dir())).toEqual([])
  })
})

describe('sweepLeftovers() and writers elsewhere', () => {
  test.each([
    { idle: HOUR_MS - 1000, options: {}, isRemoved: false },
    { idle: HOUR_MS + 1000, options: {}, isRemoved: true },
    { idle: 1000, options: { foreignIdleMs: 500 }, isRemoved: true },
    { idle: 2 * HOUR_MS, options: { foreignIdleMs: 3 * HOUR_MS }, isRemoved: false },
  ])('a file idle for $idle ms, with $options, is removed: $isRemoved', async ({ idle, options, isRemoved }) => {
    const name = renamed(await leftover(), { space: '0123456789ab', pid: process.pid })
    const path = `${dir()}/${name}`
    renameSync(`${dir()}/${readdirSync(dir())[0]}`, path)
    utimesSync(path, 1_000_000, 1_000_000)
    const now = (): number => 1_000_000_000 + idle
    expect(await sweepLeftovers(dir(), options, { now })).toEqual(isRemoved ? [path] : [])
    expect(existsSync(path)).toBe(!isRemoved)
  })

  test.skipIf(!IS_ROOT)(
    'a process in another process-id namespace counts as elsewhere (needs root)',
    async (context) => {
      const preload = import.meta.resolve('@holdfast/testkit/crash-preload')
      const args = ['--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, '--import', preload]
      const child = spawn('unshare', [...args, fileURLToPath(SCENARIO), 'create', dir()], {
        env: { ...process.env, HOLDFAST_CRASH_AT: String(AFTER_THE_WRITE), HOLDFAST_CRASH_MODE: 'stop' },
        stdio: 'ignore',
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const ended = once(child, 'exit')
      await Promise.race([ended, expect.poll(() => readdirSync(dir()).length, { timeout: 8000 }).toBe(1)])
      if (child.exitCode !== null) return context.skip('namespaces cannot be made here')
      const [name = ''] = readdirSync(dir())
      expect(name).toMatch(/^\.holdfast-[0-9a-f]{12}-1-/)
      expect(await sweepLeftovers(dir())).toEqual([])
      const now = (): number => Date.now() + 2 * HOUR_MS
      expect(await sweepLeftovers(dir(), {}, { now })).toEqual([`${dir()}/${name}`])
    },
  )
})

describe('sweepLeftovers() leaves alone', () => {
  test('names that merely resemble, and links', async () => {
    const name = await leftover()
    const alike = [
      '.holdfast.tmp',
      '.holdfast-state.tmp',
      `x${name}`,
      `${name}x`,
      name.slice(1),
      name.replace('.tmp', '.TMP'),
      name.replace('.tmp', ''),
      name.replace('.tmp', '0.tmp'),
      renamed(name, { pid: 0 }),
      renamed(name, { pid: '01' }),
      renamed(name, { pid: -1 }),
      renamed(name, { space: 'ABCDEFABCDEF' }),
      renamed(name, { startedAt: '' }),
    ]
    for (const other of alike) writeFileSync(`${dir()}/${other}`, '')
    const link = renamed(name, { pid: 999_999_997 })
    symlinkSync('nowhere', `${dir()}/${link}`)
    mkdirSync(`${dir()}/below`)
    copyFileSync(`${dir()}/${name}`, `${dir()}/below/${name}`)
    expect(await sweepLeftovers(dir(), { foreignIdleMs: -HOUR_MS })).toEqual([`${dir()}/${name}`])
    expect(readdirSync(dir()).sort()).toEqual([...alike, link, 'below'].sort())
    expect(readdirSync(`${dir()}/below`)).toEqual([name])
  })

  test('what it may not remove', async () => {
    const name = await leftover()
    chmodSync(dir(), 0o555)
    const asNobody = IS_ROOT ? NOBODY : {}
    const outcome = await callInChild({ ...asNobody, call: 'sweepLeftovers', args: [dir()] })
    chmodSync(dir(), 0o755)
    expect(outcome).toMatchObject({ value: [] })
    expect(readdirSync(dir())).toEqual([name])
  })
})

test('sweepLeftovers() of a missing folder finds nothing; of a file it throws ENOTDIR', async () => {
  expect(await sweepLeftovers(`${dir()}/missing`)).toEqual([])
  writeFileSync(`${dir()}/file`, '')
  await expect(sweepLeftovers(`${dir()}/file`)).rejects.toMatchObject({ name: 'AtomicFileError', code: 'ENOTDIR' })
})
