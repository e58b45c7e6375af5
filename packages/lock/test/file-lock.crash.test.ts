/**
 * Invariant: whatever a holder was writing when it was killed, the next one gets the lock at once and a larger token,
 * and is told about the dead one exactly if that one had the lock and had not released it.
 */
import { existsSync, readFileSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { crashSweep, fillDisk, mountTinyFileSystem, startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

import { FileLock } from '../src/index.js'

const dir = useTempDir()
const script = new URL('./fixtures/life-of-a-lock.mjs', import.meta.url)

test('a kill before each write of a holder leaves a lock that can be taken', async () => {
  const path = join(dir(), 'folder', 'job.lock')
  let last = 0
  let abandoned = 0
  const kills = await crashSweep(script, { args: [path] }, async (_operation, child, exit) => {
    await using lock = await FileLock.acquire(path)
    expect(lock.token).toBeGreaterThan(last)
    last = lock.token
    if (exit.code === 0) expect(lock.previous).toBeUndefined()
    if (lock.previous === undefined) return
    expect(lock.previous.pid).toBe(child.pid)
    abandoned += 1
  })
  // Opening, making the folder, opening again, and one write for each of take, note, note, release, take, release.
  expect(kills).toBeGreaterThanOrEqual(8)
  // Killed before a note (twice) or before a release (twice).
  expect(abandoned).toBe(4)
})

test('a process that is frozen between taking the lock and writing its name keeps it, and dies without a trace', async () => {
  const path = join(dir(), 'job.lock')
  const earlier = await FileLock.acquire(path)
  await earlier.release()
  // Operation 1 opens the file, operation 2 writes the record.
  const child = startChild(script, { args: [path], crash: { atOperation: 2, mode: 'stop' } })
  await child.waitFor('stopped')
  await expect(FileLock.acquire(path)).rejects.toMatchObject({ code: 'ERR_LOCK_EXISTS', holder: undefined })
  child.kill()
  await child.exited
  await using lock = await FileLock.acquire(path)
  expect(lock.previous).toBeUndefined()
  expect(lock.token).toBeGreaterThan(earlier.token)
})

test('a full disk refuses a first lock with its reason, and does not hinder a known one', async (context) => {
  const disk = mountTinyFileSystem(64 * 1024)
  if (disk === undefined) return context.skip('mounting needs root')
  const known = join(disk, 'known.lock')
  await (await FileLock.acquire(known)).release()
  const fill = fillDisk(disk)

  const fresh = join(disk, 'fresh.lock')
  await expect(FileLock.acquire(fresh)).rejects.toMatchObject({
    code: 'ERR_LOCK_FILE',
    path: fresh,
    cause: { code: 'ENOSPC' },
    hint: expect.stringContaining('space'),
  })

  const lock = await FileLock.acquire(known)
  lock.note('a longer text than before')
  expect(readFileSync(known, 'utf8')).toContain('a longer text than before')
  await lock.release()
  const next = await FileLock.acquire(known)
  expect(next.previous).toBeUndefined()
  expect(next.token).toBeGreaterThan(lock.token)
  await next.release()

  unlinkSync(fill)
  if (existsSync(fresh)) expect(readFileSync(fresh, 'utf8')).toBe('')
  await (await FileLock.acquire(fresh)).release()
})
