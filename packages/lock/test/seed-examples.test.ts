/**
 * The lock half of the description of the Python package, section by section: each example, step and case under its own name. Where the answer is
 * deliberately another one, the name says so.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { FileLock, withLock } from '../src/index.js'
import { startAgent } from './agent.js'

const dir = useTempDir()
const lockFile = (): string => join(dir(), 'archiver.lock')
const refused = { name: 'LockExistsError', code: 'ERR_LOCK_EXISTS' }

describe('FileLock Class, Constructor', () => {
  test('example, differs: there is no lock object that is not held; FileLock.acquire makes and takes it', async () => {
    await using lock = await FileLock.acquire(lockFile())
    expect(lock.path).toBe(lockFile())
    expect(existsSync(lockFile())).toBe(true)
  })
})

describe('Context Manager Usage', () => {
  test('example: with FileLock(...) is await using; it is free again after the block', async () => {
    {
      await using _lock = await FileLock.acquire(lockFile())
      await expect(FileLock.acquire(lockFile())).rejects.toMatchObject(refused)
    }
    await using _again = await FileLock.acquire(lockFile())
  })

  test('example: with FileLock(...) is withLock with a function', async () => {
    const done = await withLock(lockFile(), async () => 'archived')
    expect(done).toBe('archived')
  })

  test('example: except LockExistsError: another instance is running, and which', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    const text = await withLock(lockFile(), () => 'worked').catch((error: Error) => {
      expect(error).toMatchObject({ ...refused, holder: { pid: other.child.pid } })
      return `Another instance is running: ${error.message}`
    })
    expect(text).toContain(`Another instance is running: `)
    expect(text).toContain(String(other.child.pid))
  })
})

describe('Lock Mechanism, Acquisition', () => {
  test('1. creates parent folders if needed', async () => {
    const path = join(dir(), 'var', 'run', 'archiver.lock')
    await using _lock = await FileLock.acquire(path)
    expect(existsSync(path)).toBe(true)
  })

  test('2. opens the file for writing; differs: without emptying it before the lock is owned', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    const before = readFileSync(lockFile(), 'utf8')
    await expect(FileLock.acquire(lockFile())).rejects.toMatchObject(refused)
    expect(readFileSync(lockFile(), 'utf8')).toBe(before)
  })

  test('3. exclusive and without waiting', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    expect(await FileLock.tryAcquire(lockFile())).toBeUndefined()
  })

  test('4. writes the pid of this process', async () => {
    await using _lock = await FileLock.acquire(lockFile())
    expect(readFileSync(lockFile(), 'utf8').split('\n')[0]).toBe(String(process.pid))
  })

  test('5. LockExistsError if it is held already', async () => {
    await using _lock = await FileLock.acquire(lockFile())
    await expect(FileLock.acquire(lockFile())).rejects.toMatchObject(refused)
  })
})

describe('Lock Mechanism, Release', () => {
  test('1. and 2. unlocks and closes: another process can take it', async () => {
    const other = await startAgent()
    const lock = await FileLock.acquire(lockFile())
    expect(await other.tryAcquire(lockFile())).toBe(false)
    await lock.release()
    expect(await other.tryAcquire(lockFile())).toBe(true)
  })

  test('3. happens on leaving the block, even by an exception', async () => {
    const work = withLock(lockFile(), () => Promise.reject(new Error('the work failed')))
    await expect(work).rejects.toThrow('the work failed')
    await using _again = await FileLock.acquire(lockFile())
  })
})

describe('is_lock_file_valid()', () => {
  test('example: true while the file holds our pid', async () => {
    await using lock = await FileLock.acquire(lockFile())
    expect(lock.isLockFileValid()).toBe(true)
  })

  test('example: false when the file was corrupted or modified', async () => {
    await using lock = await FileLock.acquire(lockFile())
    for (const text of ['', '1\n', 'not a pid']) {
      writeFileSync(lockFile(), text)
      expect(lock.isLockFileValid()).toBe(false)
    }
  })

  test('false when the file is gone; differs: so is the release then, which tells that two may have worked', async () => {
    const lock = await FileLock.acquire(lockFile())
    rmSync(lockFile())
    expect(lock.isLockFileValid()).toBe(false)
    await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' })
  })

  test('differs: also false when another file with our pid took its place', async () => {
    const lock = await FileLock.acquire(lockFile())
    rmSync(lockFile())
    writeFileSync(lockFile(), `${process.pid}\n`)
    expect(lock.isLockFileValid()).toBe(false)
    await expect(lock.release()).rejects.toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'replaced' })
  })
})

describe('get_pid()', () => {
  test('example: the pid that the lock uses', async () => {
    await using lock = await FileLock.acquire(lockFile())
    expect(lock.getPid()).toBe(process.pid)
  })
})

describe('Error Handling', () => {
  test('another process holds the lock: LockExistsError', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    await expect(FileLock.acquire(lockFile())).rejects.toMatchObject(refused)
  })

  test('permissions prevent it; differs: LockFileError, since that says nothing about a holder', async () => {
    await (await FileLock.acquire(lockFile())).release()
    chmodSync(dir(), 0o755)
    chmodSync(lockFile(), 0o444)
    // It gives up root's rights first, where it has them.
    const child = startChild(new URL('./fixtures/unprivileged.mjs', import.meta.url), {
      args: [lockFile(), join(dir(), 'warm-up.lock')],
    })
    expect(await child.waitFor('done')).toMatchObject({ exclusive: { code: 'ERR_LOCK_FILE', cause: 'EACCES' } })
  })

  test('I/O errors; differs: LockFileError with the reason', async () => {
    mkdirSync(lockFile())
    await expect(FileLock.acquire(lockFile())).rejects.toMatchObject({
      code: 'ERR_LOCK_FILE',
      path: lockFile(),
      cause: { code: 'EISDIR' },
    })
  })

  test('example run_archiver(): false when the lock cannot be had, true after the work', async () => {
    const errors: string[] = []
    const runArchiver = async (): Promise<boolean> => {
      try {
        await withLock(lockFile(), () => undefined)
        return true
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ERR_LOCK_EXISTS')) throw error
        errors.push(`Cannot acquire lock: ${error.message}`)
        return false
      }
    }
    const other = await startAgent()
    await other.acquire(lockFile())
    expect(await runArchiver()).toBe(false)
    expect(errors).toEqual([expect.stringMatching(/^Cannot acquire lock: /)])
    await other.release(lockFile())
    expect(await runArchiver()).toBe(true)
  })
})

describe('Lock Monitoring Thread', () => {
  test('usage pattern: a lock file that is deleted triggers the shutdown, once', async () => {
    const lock = await FileLock.acquire(lockFile())
    const lost = new Promise<string>((resolve) => lock.monitor({ intervalMs: 5, onLost: resolve }))
    expect(lock.signal.aborted).toBe(false)
    rmSync(lockFile())
    expect(await lost).toBe('removed')
    expect(lock.signal.aborted).toBe(true)
    await lock.release()
  })

  test('usage pattern: so does one that is corrupted', async () => {
    const lock = await FileLock.acquire(lockFile())
    const lost = new Promise<string>((resolve) => lock.monitor({ intervalMs: 5, onLost: resolve }))
    writeFileSync(lockFile(), 'something else')
    expect(await lost).toBe('overwritten')
    await lock.release()
  })
})

describe('Complete Lock Usage Example', () => {
  const main = async (work: () => number): Promise<number> => {
    try {
      return await withLock(lockFile(), work)
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'ERR_LOCK_EXISTS' ? 1 : 2
    }
  }

  test('the exit code of the work', async () => {
    expect(await main(() => 0)).toBe(0)
  })

  test('1 when another archiver instance is running', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    expect(await main(() => 0)).toBe(1)
  })

  test('2 after an unexpected error, with the lock free again', async () => {
    const failing = (): number => {
      throw new Error('unexpected')
    }
    expect(await main(failing)).toBe(2)
    expect(await main(() => 0)).toBe(0)
  })
})

describe('Testing Considerations, Lock Module Tests', () => {
  test('test example: test_lock_prevents_concurrent_access', async () => {
    await using _lock = await FileLock.acquire(lockFile())
    await expect(FileLock.acquire(lockFile())).rejects.toMatchObject(refused)
  })

  test('lock contention: of three processes exactly one gets the lock', async () => {
    const agents = await Promise.all([startAgent(), startAgent(), startAgent()])
    const got = await Promise.all(agents.map((agent) => agent.tryAcquire(lockFile())))
    expect(got.filter(Boolean)).toHaveLength(1)
  })

  test('PID tracking: the file names the process that holds it, and the next one after it', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    expect(readFileSync(lockFile(), 'utf8')).toMatch(new RegExp(`^${other.child.pid}\n`))
    await other.release(lockFile())
    await using _lock = await FileLock.acquire(lockFile())
    expect(readFileSync(lockFile(), 'utf8')).toMatch(new RegExp(`^${process.pid}\n`))
  })
})

describe('Best Practices', () => {
  test('1. the lock is free after the process died, too: nothing stale is left', async () => {
    const other = await startAgent()
    await other.acquire(lockFile())
    other.child.kill('SIGKILL')
    await other.child.exited
    await using lock = await FileLock.acquire(lockFile())
    expect(lock.previous?.pid).toBe(other.child.pid)
  })

  test('6. a long-running process monitors the file: its signal tells the work to stop', async () => {
    const lock = await FileLock.acquire(lockFile())
    lock.monitor({ intervalMs: 5 })
    const stopped = new Promise((resolve) => lock.signal.addEventListener('abort', resolve))
    rmSync(lockFile())
    await stopped
    expect(lock.signal.reason).toMatchObject({ code: 'ERR_LOCK_LOST', reason: 'removed' })
    await lock.release()
  })
})
