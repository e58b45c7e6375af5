import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'

import { FileLock, withLock } from '../src/index.js'

const dir = useTempDir()
const lockPath = (): string => join(dir(), 'job.lock')
const readText = (): string => readFileSync(lockPath(), 'utf8')

describe('acquire()', () => {
  test('makes the folders and a file that names this process', async () => {
    const path = join(dir(), 'a', 'b', 'job.lock')
    await using lock = await FileLock.acquire(path)
    expect(lock.path).toBe(path)
    expect(lock.getPid()).toBe(process.pid)
    const [pid, json = ''] = readFileSync(path, 'utf8').split('\n')
    expect(pid).toBe(String(process.pid))
    expect(JSON.parse(json)).toMatchObject({ v: 1, pid: process.pid, host: hostname(), token: lock.token })
  })

  test('refuses a second lock at once, names the holder, and leaves its text alone', async () => {
    await using lock = await FileLock.acquire(lockPath())
    lock.note('run 7')
    const before = readText()
    const error: unknown = await FileLock.acquire(lockPath()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      name: 'LockExistsError',
      code: 'ERR_LOCK_EXISTS',
      path: lockPath(),
      holder: { pid: process.pid, host: hostname(), note: 'run 7' },
    })
    const { holder, message } = error as { holder: { since: string; command: string }; message: string }
    for (const part of [lockPath(), process.pid, hostname(), holder.since, holder.command, 'run 7', 'release']) {
      expect(message).toContain(String(part))
    }
    expect(readText()).toBe(before)
  })

  test('tells the operator how to find a holder that the file does not name', async () => {
    await using _shared = await FileLock.acquire(lockPath(), { shared: true })
    const error = FileLock.acquire(lockPath())
    await expect(error).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS', holder: undefined })
    await expect(error).rejects.toThrow('fuser')
  })

  test('does not blame a dead process whose text is still in the file', async () => {
    const dead = { pid: 2 ** 31 - 2 }
    await (await FileLock.acquire(lockPath(), {}, dead)).release()
    writeFileSync(lockPath(), readText().replace(/,"released":"[^"]*"/, ''))
    await using _shared = await FileLock.acquire(lockPath(), { shared: true })
    await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS', holder: undefined })
  })

  test('waits for timeoutMs, with a turning event loop, and says how long it waited', async () => {
    await using _held = await FileLock.acquire(lockPath())
    let turns = 0
    const ticking = setInterval(() => {
      turns += 1
    }, 5)
    const started = performance.now()
    const waiting = FileLock.acquire(lockPath(), { timeoutMs: 120 })
    await expect(waiting).rejects.toMatchObject({
      name: 'LockTimeoutError',
      code: 'ERR_LOCK_TIMEOUT',
      timeoutMs: 120,
      holder: { pid: process.pid },
    })
    clearInterval(ticking)
    expect(performance.now() - started).toBeGreaterThanOrEqual(119)
    expect(turns).toBeGreaterThan(5)
  })

  test('takes the lock when it becomes free in time, in the order of the requests', async () => {
    const held = await FileLock.acquire(lockPath())
    const order: number[] = []
    const waiters = [1, 2, 3].map(async (name) => {
      await using _lock = await FileLock.acquire(lockPath(), { timeoutMs: Number.POSITIVE_INFINITY })
      order.push(name)
    })
    await held.release()
    await Promise.all(waiters)
    expect(order).toHaveLength(3)
    if (process.platform === 'linux') expect(order).toEqual([1, 2, 3])
  })

  test('a shared request that does not wait is not refused because somebody waits', async () => {
    const reader = await FileLock.acquire(lockPath(), { shared: true })
    const writer = FileLock.acquire(lockPath(), { timeoutMs: 5000 })
    await using second = await FileLock.acquire(lockPath(), { shared: true })
    expect(second.isLockFileValid()).toBe(true)
    await second.release()
    await reader.release()
    await (await writer).release()
  })

  test('is called off by its signal, with the reason, and leaves nothing behind', async () => {
    const held = await FileLock.acquire(lockPath())
    const controller = new AbortController()
    const reason = new Error('shutting down')
    const waiting = FileLock.acquire(lockPath(), { timeoutMs: 5000, signal: controller.signal })
    setTimeout(() => controller.abort(reason), 20)
    await expect(waiting).rejects.toBe(reason)
    await held.release()
    await using next = await FileLock.acquire(lockPath())
    expect(next.previous).toBeUndefined()
  })

  test('with an aborted signal does not even make the file', async () => {
    await expect(FileLock.acquire(lockPath(), { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
    expect(existsSync(lockPath())).toBe(false)
  })

  test('the signal does not touch a lock that is held already', async () => {
    const controller = new AbortController()
    await using lock = await FileLock.acquire(lockPath(), { signal: controller.signal })
    controller.abort()
    expect(lock.isLockFileValid()).toBe(true)
    expect(lock.signal.aborted).toBe(false)
  })

  test.each([{ timeoutMs: -1 }, { timeoutMs: Number.NaN }])('refuses timeoutMs $timeoutMs', async (options) => {
    await expect(FileLock.acquire(lockPath(), options)).rejects.toThrow(RangeError)
  })

  test('moves on to the new file when the lock file is replaced while it waits', async () => {
    const old = await FileLock.acquire(lockPath())
    const waiting = FileLock.acquire(lockPath(), { timeoutMs: 60_000 })
    unlinkSync(lockPath())
    await using lock = await waiting
    expect(lock.isLockFileValid()).toBe(true)
    expect(old.isLockFileValid()).toBe(false)
    await expect(old.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' })
    expect(lock.isLockFileValid()).toBe(true)
  })

  test('locks the file behind a symbolic link', async () => {
    symlinkSync(join(dir(), 'real.lock'), lockPath())
    await using lock = await FileLock.acquire(lockPath())
    await expect(FileLock.acquire(join(dir(), 'real.lock'))).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS' })
    expect(lock.isLockFileValid()).toBe(true)
  })
})

describe('a lock file that cannot be used is never mistaken for a held one', () => {
  test.each([
    {
      what: 'a folder',
      cause: 'EISDIR',
      prepare: () => mkdirSync(lockPath()),
    },
    {
      what: 'below a file',
      cause: 'ENOTDIR',
      path: () => join(lockPath(), 'x.lock'),
      prepare: () => writeFileSync(lockPath(), ''),
    },
    {
      what: 'a link to itself',
      cause: 'ELOOP',
      prepare: () => symlinkSync(lockPath(), lockPath()),
    },
  ])('$what: $cause', async ({ cause, prepare, path = lockPath }) => {
    prepare()
    for (const attempt of [FileLock.acquire, FileLock.tryAcquire]) {
      const refused = attempt(path(), { timeoutMs: 1000 })
      await expect(refused).rejects.toMatchObject({ code: 'ERR_LOCK_FILE', path: path(), cause: { code: cause } })
      await expect(refused).rejects.toThrow(`"${path()}"`)
    }
  })

  test('a large file with something else in it is not overwritten', async () => {
    const data = `{"runs": [${'1, '.repeat(2000)}1]}`
    writeFileSync(lockPath(), data)
    await expect(FileLock.acquire(lockPath())).rejects.toMatchObject({
      code: 'ERR_LOCK_FILE',
      hint: expect.any(String),
    })
    expect(readText()).toBe(data)
  })

  test.each(['', 'garbage', '99999999999999\n{', '\0'.repeat(1024), '12\n{"v":', 'x'.repeat(3000)])(
    'but a small or torn text is: %j',
    async (text) => {
      writeFileSync(lockPath(), text)
      await using lock = await FileLock.acquire(lockPath())
      expect(lock.isLockFileValid()).toBe(true)
      expect(lock.previous).toBeUndefined()
      expect(Buffer.byteLength(readText())).toBe(1024)
    },
  )
})

describe('tryAcquire()', () => {
  test('is undefined while the lock is held, also after waiting', async () => {
    await using _held = await FileLock.acquire(lockPath())
    expect(await FileLock.tryAcquire(lockPath())).toBeUndefined()
    expect(await FileLock.tryAcquire(lockPath(), { timeoutMs: 20 })).toBeUndefined()
  })

  test('is the lock when it is free', async () => {
    await using lock = await FileLock.tryAcquire(lockPath())
    expect(lock?.isLockFileValid()).toBe(true)
  })
})

describe('shared and exclusive', () => {
  test.each([
    { first: true, second: true, both: true },
    { first: true, second: false, both: false },
    { first: false, second: true, both: false },
    { first: false, second: false, both: false },
  ])('shared $first beside shared $second: $both', async ({ first, second, both }) => {
    await using _first = await FileLock.acquire(lockPath(), { shared: first })
    await using other = await FileLock.tryAcquire(lockPath(), { shared: second })
    expect(other !== undefined).toBe(both)
  })

  test('shared holders write nothing and carry the token of the last exclusive holder', async () => {
    const exclusive = await FileLock.acquire(lockPath())
    await exclusive.release()
    const before = readText()
    await using one = await FileLock.acquire(lockPath(), { shared: true })
    await using two = await FileLock.acquire(lockPath(), { shared: true })
    expect([one.token, two.token]).toEqual([exclusive.token, exclusive.token])
    expect(() => one.note('x')).toThrow('shared')
    await one.release()
    expect(readText()).toBe(before)
    expect(two.isLockFileValid()).toBe(true)
  })
})

describe('release()', () => {
  test('frees the lock, keeps the file, and records the release', async () => {
    const lock = await FileLock.acquire(lockPath())
    lock.note('secret')
    await lock.release()
    await lock.release()
    expect(lock.isLockFileValid()).toBe(false)
    expect(lock.signal.aborted).toBe(false)
    expect(readText()).toContain('"released":')
    expect(readText()).not.toContain('secret')
    await using next = await FileLock.acquire(lockPath())
    expect(next.previous).toBeUndefined()
    expect(next.token).toBeGreaterThan(lock.token)
  })

  test('makes later use an error', async () => {
    const lock = await FileLock.acquire(lockPath())
    await lock.release()
    expect(() => lock.note('x')).toThrow('released')
    expect(() => lock.monitor()).toThrow('released')
  })

  test.each([
    { reason: 'removed', change: () => unlinkSync(lockPath()) },
    {
      reason: 'replaced',
      change: () => {
        unlinkSync(lockPath())
        writeFileSync(lockPath(), '')
      },
    },
  ])('fails after freeing, when the file was $reason and nobody was told', async ({ reason, change }) => {
    const lock = await FileLock.acquire(lockPath())
    const { signal } = lock
    change()
    await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', path: lockPath(), reason })
    expect(signal).toMatchObject({ aborted: true, reason: { code: 'ERR_LOCK_LOST', reason } })
    await lock.release()
    await (await FileLock.acquire(lockPath())).release()
  })

  test('does not fail when only the text was overwritten: the kernel kept the others out', async () => {
    const lock = await FileLock.acquire(lockPath())
    writeFileSync(lockPath(), '1')
    await lock.release()
    await using next = await FileLock.acquire(lockPath())
    expect(next.token).toBeGreaterThan(lock.token)
  })
})

describe('isLockFileValid()', () => {
  test.each([
    { what: 'removed', change: () => unlinkSync(lockPath()) },
    { what: 'emptied by a program that truncates', change: () => truncateSync(lockPath()) },
    { what: "given another program's pid", change: () => writeFileSync(lockPath(), '1\n') },
    { what: 'given a pid that only starts like ours', change: () => writeFileSync(lockPath(), `${process.pid}0\n`) },
  ])('is false when the file was $what', async ({ change }) => {
    const lock = await FileLock.acquire(lockPath())
    expect(lock.isLockFileValid()).toBe(true)
    change()
    expect(lock.isLockFileValid()).toBe(false)
    await lock.release().catch(() => undefined)
  })
})

describe('monitor()', () => {
  test.each([
    { reason: 'removed', change: () => unlinkSync(lockPath()) },
    {
      reason: 'replaced',
      change: () => {
        unlinkSync(lockPath())
        writeFileSync(lockPath(), `${process.pid}\n`)
      },
    },
    { reason: 'overwritten', change: () => truncateSync(lockPath()) },
  ])('tells once that the file was $reason, aborts the signal, and release() need not tell again', async (row) => {
    const lock = await FileLock.acquire(lockPath())
    const reasons: string[] = []
    const told = new Promise<void>((resolve) => {
      lock.monitor({
        intervalMs: 5,
        onLost: (reason) => {
          reasons.push(reason)
          // Later looks, if there were any, would come before this.
          setTimeout(resolve, 30)
        },
      })
    })
    row.change()
    await told
    expect(reasons).toEqual([row.reason])
    expect(lock.signal).toMatchObject({ aborted: true, reason: { code: 'ERR_LOCK_LOST', reason: row.reason } })
    await lock.release()
  })

  test('ends with the lock', async () => {
    const lock = await FileLock.acquire(lockPath())
    let told = 0
    lock.monitor({
      intervalMs: 5,
      onLost: () => {
        told += 1
      },
    })
    await lock.release()
    unlinkSync(lockPath())
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(told).toBe(0)
  })

  test.each([0, -1, Number.NaN, 2 ** 31])('refuses intervalMs %s', async (intervalMs) => {
    await using lock = await FileLock.acquire(lockPath())
    expect(() => lock.monitor({ intervalMs })).toThrow(RangeError)
  })
})

test('no way to end leaves a descriptor open', async () => {
  const countDescriptors = (): number => readdirSync('/dev/fd').length
  const round = async (): Promise<void> => {
    const lock = await FileLock.acquire(lockPath())
    await FileLock.tryAcquire(lockPath())
    await FileLock.tryAcquire(lockPath(), { timeoutMs: 1 })
    const signal = AbortSignal.timeout(2)
    await FileLock.acquire(lockPath(), { timeoutMs: 5000, signal }).catch(() => undefined)
    await FileLock.acquire(dir(), {}).catch(() => undefined)
    await lock.release()
  }
  await round()
  const before = countDescriptors()
  for (let count = 0; count < 20; count += 1) await round()
  expect(countDescriptors()).toBeLessThan(before + 10)
})

describe('token', () => {
  test('grows even when the file is deleted between two quick holders', async () => {
    const tokens: number[] = []
    for (let round = 0; round < 200; round += 1) {
      const lock = await FileLock.acquire(lockPath())
      tokens.push(lock.token)
      await lock.release()
      unlinkSync(lockPath())
    }
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b))
    expect(new Set(tokens).size).toBe(tokens.length)
    expect(tokens.every(Number.isSafeInteger)).toBe(true)
  })

  test('grows when the clock goes back', async () => {
    const first = await FileLock.acquire(lockPath(), {}, { nowMicros: () => 2e15 })
    await first.release()
    await using second = await FileLock.acquire(lockPath(), {}, { nowMicros: () => 1e15 })
    expect([first.token, second.token]).toEqual([2e15, 2e15 + 1])
  })
})

describe('withLock()', () => {
  test('resolves to the value of the function, which runs under the lock', async () => {
    const value = await withLock(lockPath(), async (lock) => {
      expect(lock.isLockFileValid()).toBe(true)
      expect(await FileLock.tryAcquire(lockPath())).toBeUndefined()
      return 42
    })
    expect(value).toBe(42)
    await (await FileLock.acquire(lockPath())).release()
  })

  test('releases when the function fails, and fails with its error', async () => {
    const error = new Error('inside')
    const failing = withLock(lockPath(), () => {
      throw error
    })
    await expect(failing).rejects.toBe(error)
    await (await FileLock.acquire(lockPath())).release()
  })

  test('does not report success for work during which the lock was lost', async () => {
    await expect(withLock(lockPath(), () => unlinkSync(lockPath()))).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' })
  })
})
