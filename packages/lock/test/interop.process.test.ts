import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'

import { FileLock } from '../src/index.js'

const dir = useTempDir()
const lockPath = (): string => join(dir(), 'job.lock')

/** The lock of the Python programs that this package replaces: truncate, lock, write the bare pid. */
const PYTHON_HOLDER = `
import fcntl, os, sys
f = open(sys.argv[1], 'w')
fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
f.write(str(os.getpid())); f.flush()
print('held', flush=True)
sys.stdin.readline()
`
const PYTHON_ATTEMPT = `
import fcntl, sys
f = open(sys.argv[1], sys.argv[2])
try: fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError: sys.exit(7)
`

interface Partner {
  readonly program: string
  readonly hold: (path: string) => readonly string[]
  /** Exits with 7 when the lock is held. */
  readonly attempt: (path: string) => readonly string[]
  readonly writesPid: boolean
}

const partners: readonly Partner[] = [
  {
    program: 'flock',
    hold: (path) => [path, 'sh', '-c', 'echo held; read line'],
    attempt: (path) => ['-n', '-E', '7', path, 'true'],
    writesPid: false,
  },
  {
    program: 'python3',
    hold: (path) => ['-c', PYTHON_HOLDER, path],
    attempt: (path) => ['-c', PYTHON_ATTEMPT, path, 'a'],
    writesPid: true,
  },
]

function isMissing(program: string): boolean {
  const missing = spawnSync(program, ['--version']).error !== undefined
  if (missing && process.env.CI !== undefined) throw new Error(`${program} is missing, and CI must not skip its tests`)
  if (missing) process.stderr.write(`SKIPPED: the tests beside ${program}, which this machine does not have\n`)
  return missing
}

async function startHolder(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  const [output] = (await once(child.stdout, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer]
  expect(output.toString().trim()).toBe('held')
  return child
}

describe.each(partners.map((partner) => ({ ...partner, missing: isMissing(partner.program) })))(
  'beside $program',
  ({ program, hold, attempt, writesPid, missing }) => {
    test.skipIf(missing)('it is kept out while we hold, and let in afterwards', async () => {
      const lock = await FileLock.acquire(lockPath())
      expect(spawnSync(program, attempt(lockPath())).status).toBe(7)
      expect(lock.isLockFileValid()).toBe(true)
      await lock.release()
      expect(spawnSync(program, attempt(lockPath())).status).toBe(0)
    })

    test.skipIf(missing)('it keeps us out while it holds, and lets us in afterwards', async () => {
      await (await FileLock.acquire(lockPath())).release()
      const child = await startHolder(program, hold(lockPath()))
      const unknown = { host: undefined, since: undefined, command: undefined, note: undefined }
      await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({
        code: 'ERR_LOCK_EXISTS',
        holder: writesPid ? { pid: child.pid, ...unknown } : undefined,
      })
      await expect(FileLock.acquire(lockPath(), { shared: true })).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS' })
      const waiting = FileLock.acquire(lockPath(), { timeoutMs: 10_000 })
      child.stdin?.end('\n')
      await using lock = await waiting
      expect(lock.previous).toBeUndefined()
      expect(lock.isLockFileValid()).toBe(true)
    })
  },
)

test.skipIf(isMissing('python3'))('python3 reads our pid from the first line', async () => {
  await using _lock = await FileLock.acquire(lockPath())
  const { stdout } = spawnSync('python3', ['-c', 'import sys; print(int(open(sys.argv[1]).readline()))', lockPath()])
  expect(stdout.toString().trim()).toBe(String(process.pid))
})

test.skipIf(isMissing('python3'))(
  'a refused python3 that truncates is noticed, and costs us neither lock nor token',
  async () => {
    const lock = await FileLock.acquire(lockPath())
    expect(spawnSync('python3', ['-c', PYTHON_ATTEMPT, lockPath(), 'w']).status).toBe(7)
    expect(readFileSync(lockPath(), 'utf8')).toBe('')
    expect(lock.isLockFileValid()).toBe(false)
    await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS', holder: undefined })
    await lock.release()
    await using next = await FileLock.acquire(lockPath())
    expect(next.token).toBeGreaterThan(lock.token)
  },
)
