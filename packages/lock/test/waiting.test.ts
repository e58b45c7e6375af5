import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

import { FileLock } from '../src/index.js'

const dir = useTempDir()

test.skipIf(process.platform !== 'linux')(
  'acquire() looks more often while it has only just become the next',
  async () => {
    await using _held = await FileLock.acquire(`${dir()}/lock`)
    let clock = 0
    const pauses: number[] = []
    const sleep = async (ms: number): Promise<void> => {
      pauses.push(ms)
      clock += ms
    }
    const waiting = FileLock.acquire(`${dir()}/lock`, { timeoutMs: 100 }, { sleep, monotonicMs: () => clock })
    await expect(waiting).rejects.toMatchObject({ code: 'ERR_LOCK_TIMEOUT' })
    const short = pauses.findIndex((ms) => ms >= 1)
    expect(pauses.slice(0, short).reduce((sum, ms) => sum + ms, 0)).toBeCloseTo(3, 0)
    expect(Math.max(...pauses.slice(0, short))).toBeLessThan(0.5)
    // But for the last one, which ends with the time.
    expect(Math.min(...pauses.slice(short, -1))).toBeGreaterThanOrEqual(1)
  },
)

test.skipIf(process.platform !== 'linux')('acquire() can be called off during its first moments', async () => {
  await using _held = await FileLock.acquire(`${dir()}/lock`)
  const controller = new AbortController()
  const waiting = FileLock.acquire(`${dir()}/lock`, { timeoutMs: 10_000, signal: controller.signal })
  const reason = new Error('not needed any more')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
})
