import { chmodSync, existsSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, onTestFinished, test } from 'vitest'

import { FileLock } from '../src/index.js'
import { startAgent } from './agent.js'

const dir = useTempDir()
const lockPath = (): string => join(dir(), 'job.lock')
const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url)

describe('exclusion between processes', () => {
  test('four processes that count in one file lose no update, and tokens grow with the count', async () => {
    const counter = join(dir(), 'counter')
    writeFileSync(counter, '0')
    const rounds = 100
    const children = Array.from({ length: 4 }, () =>
      startChild(fixture('counter.mjs'), { args: [lockPath(), counter, String(rounds)] }),
    )
    const done = await Promise.all(children.map((child) => child.waitFor('done')))
    const tokens = done.flatMap((message) => message.tokens as [number, number][]).sort(([one], [other]) => one - other)
    expect(readFileSync(counter, 'utf8')).toBe(String(4 * rounds))
    expect(tokens.map(([value]) => value)).toEqual([...Array(4 * rounds).keys()])
    for (const [index, [, token]] of tokens.entries()) {
      if (index > 0) expect(token).toBeGreaterThan(tokens[index - 1]?.[1] ?? 0)
    }
  })

  test.each([
    { here: true, there: true, both: true },
    { here: true, there: false, both: false },
    { here: false, there: true, both: false },
    { here: false, there: false, both: false },
  ])('shared $here here beside shared $there there: $both', async ({ here, there, both }) => {
    const agent = await startAgent()
    await using _lock = await FileLock.acquire(lockPath(), { shared: here })
    expect(await agent.tryAcquire(lockPath(), { shared: there })).toBe(both)
  })

  test('a refused process gets the pid of the holder and leaves the file as it is', async () => {
    const agent = await startAgent()
    await agent.acquire(lockPath())
    const before = readFileSync(lockPath())
    await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({
      code: 'ERR_LOCK_EXISTS',
      holder: { pid: agent.child.pid, command: expect.stringContaining('agent.mjs') },
    })
    await expect(FileLock.acquire(lockPath(), { timeoutMs: 30 })).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' })
    expect(readFileSync(lockPath())).toEqual(before)
  })
})

test('a user that may only read the file can share the lock, and is told why it cannot have it alone', async () => {
  const lock = await FileLock.acquire(lockPath())
  await lock.release()
  chmodSync(dir(), 0o755)
  chmodSync(lockPath(), 0o444)
  const child = startChild(fixture('unprivileged.mjs'), { args: [lockPath(), join(dir(), 'warm-up.lock')] })
  expect(await child.waitFor('done')).toMatchObject({
    exclusive: { code: 'ERR_LOCK_FILE', cause: 'EACCES', hint: expect.stringContaining('user') },
    sharedIsValid: true,
    token: lock.token,
  })
})

describe('waiting', () => {
  test.runIf(process.platform === 'linux')('four tight loops share the lock and take turns', async () => {
    const last = join(dir(), 'last')
    writeFileSync(last, '')
    const args = [lockPath(), last]
    const children = Array.from({ length: 4 }, () => startChild(fixture('tight-loop.mjs'), { args }))
    await Promise.all(children.map((child) => child.ready()))
    for (const child of children) child.send({ type: 'go' })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    for (const child of children) child.send({ type: 'stop' })
    const done = await Promise.all(children.map((child) => child.waitFor('done')))
    const counts = done.map(({ acquisitions }) => Number(acquisitions))
    const total = counts.reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThan(40)
    for (const count of counts) expect(count / total).toBeGreaterThan(0.1)
    expect(done.reduce((sum, { repeats }) => sum + Number(repeats), 0) / total).toBeLessThan(0.3)
  })

  test.runIf(process.platform === 'linux')(
    'a stopped process in front does not keep a free lock from those behind',
    async () => {
      const stopped = await startAgent()
      await using held = await FileLock.acquire(lockPath())
      const neverAnswered = stopped.acquire(lockPath(), { timeoutMs: 60_000 })
      neverAnswered.catch(() => undefined)
      // It stands in line, at the latest, when it has answered a later command.
      await stopped.block(0)
      stopped.child.kill('SIGSTOP')
      await expect.poll(() => readFileSync(`/proc/${stopped.child.pid}/stat`, 'utf8')).toContain(') T ')
      const waiting = FileLock.acquire(lockPath(), { timeoutMs: 60_000 })
      await held.release()
      await using lock = await waiting
      expect(lock.isLockFileValid()).toBe(true)
    },
  )

  test('two processes wait for one that holds, and both get the lock', async () => {
    const [one, other] = await Promise.all([startAgent(), startAgent()])
    const held = await FileLock.acquire(lockPath())
    const first = one.acquire(lockPath(), { timeoutMs: 5000 }).then(() => one.release(lockPath()))
    const second = other.acquire(lockPath(), { timeoutMs: 5000 }).then(() => other.release(lockPath()))
    await held.release()
    await Promise.all([first, second])
    await (await FileLock.acquire(lockPath())).release()
  })
})

describe('a holder that dies', () => {
  test('by kill -9 frees the lock within 100 ms, and the next holder learns what it was doing', async () => {
    const agent = await startAgent()
    const { token } = await agent.acquire(lockPath())
    await agent.note(lockPath(), 'run 7')
    const waiting = FileLock.acquire(lockPath(), { timeoutMs: 5000 }).then((lock) => ({ lock, at: performance.now() }))
    const killed = agent.child.exited.then(() => performance.now())
    agent.child.kill('SIGKILL')
    const { lock, at } = await waiting
    await using _lock = lock
    expect(at - (await killed)).toBeLessThan(100)
    expect(lock.previous).toMatchObject({ pid: agent.child.pid, note: 'run 7', since: expect.stringMatching(/Z$/) })
    expect(lock.token).toBeGreaterThan(token)
  })

  test('by process.exit without releasing is reported as well', async () => {
    const agent = await startAgent()
    await agent.acquire(lockPath())
    await agent.exit()
    expect(await agent.child.exited).toEqual({ code: 0, signal: null })
    const lock = await FileLock.acquire(lockPath())
    expect(lock.previous).toMatchObject({ pid: agent.child.pid })
    await lock.release()
    await using next = await FileLock.acquire(lockPath())
    expect(next.previous).toBeUndefined()
  })

  test('does not leave the lock to the children it started', async () => {
    const agent = await startAgent()
    await agent.acquire(lockPath())
    const daemon = await agent.spawnDaemon()
    onTestFinished(() => {
      process.kill(daemon, 'SIGKILL')
    })
    agent.child.kill('SIGKILL')
    await agent.child.exited
    await using lock = await FileLock.acquire(lockPath())
    expect(lock.isLockFileValid()).toBe(true)
    expect(() => process.kill(daemon, 0)).not.toThrow()
  })

  test('is still known to a shared holder, which does not forget it for the next exclusive one', async () => {
    const agent = await startAgent()
    await agent.acquire(lockPath())
    agent.child.kill('SIGKILL')
    await agent.child.exited
    const reader = await FileLock.acquire(lockPath(), { shared: true })
    expect(reader.previous).toMatchObject({ pid: agent.child.pid })
    await reader.release()
    await using writer = await FileLock.acquire(lockPath())
    expect(writer.previous).toMatchObject({ pid: agent.child.pid })
  })
})

describe('a lock file that is taken away from its holder', () => {
  test.each([
    { reason: 'removed', change: () => unlinkSync(lockPath()) },
    {
      reason: 'replaced',
      change: () => {
        writeFileSync(`${lockPath()}.new`, '')
        renameSync(`${lockPath()}.new`, lockPath())
      },
    },
  ])('$reason: a second holder can start, and the first is told', async ({ reason, change }) => {
    const agent = await startAgent()
    await using lock = await FileLock.acquire(lockPath())
    const told = new Promise((resolve) => lock.monitor({ intervalMs: 20, onLost: resolve }))
    change()
    await agent.acquire(lockPath())
    expect(['removed', 'replaced']).toContain(await told)
    expect(lock.signal.aborted).toBe(true)
    expect(lock.isLockFileValid()).toBe(false)
    expect(existsSync(lockPath()), reason).toBe(true)
  })

  test('while others wait for it: all of them agree on the new file', async () => {
    const [one, other] = await Promise.all([startAgent(), startAgent()])
    const old = await FileLock.acquire(lockPath())
    const waiting = [one, other].map((agent) => agent.acquire(lockPath(), { timeoutMs: 60_000 }).then(() => agent))
    unlinkSync(lockPath())
    const first = await Promise.race(waiting)
    const second = first === one ? other : one
    expect(await FileLock.tryAcquire(lockPath())).toBeUndefined()
    await first.release(lockPath())
    await Promise.all(waiting)
    await second.release(lockPath())
    await expect(old.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' })
  })
})
