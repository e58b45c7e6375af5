import { createKvStore, createRetryManager } from '@holdfast/kv-persistence'
import { expect, test } from 'vitest'
import { FakeClock } from '../stores.js'

async function delays(count: number, random: number): Promise<number[]> {
  await using store = await createKvStore({ type: 'memory' }, new FakeClock())
  const retries = createRetryManager({ store, maxRetries: 5000 }, { random: () => random })
  const seconds: number[] = []
  for (let index = 0; index < count; index += 1) {
    await retries.recordRetry('x', 'e')
    seconds.push(await retries.getRetryDelay('x'))
  }
  return seconds
}

test('getRetryDelay() doubles up to the cap of 60 seconds', async () => {
  expect(await delays(7, 1)).toEqual([2, 4, 8, 16, 32, 60, 60])
})

test('full jitter spreads the delay down to nothing', async () => {
  expect(await delays(3, 0)).toEqual([0, 0, 0])
  expect(await delays(3, 0.5)).toEqual([1, 2, 4])
})

test('the delay stays at the cap, however many retries there were', async () => {
  expect((await delays(1200, 1)).at(-1)).toBe(60)
})

test.each([
  { maxRetries: -1 },
  { maxRetries: 0.5 },
  { backoffFactor: 0.5 },
  { baseDelaySeconds: 0 },
  { maxDelaySeconds: Number.POSITIVE_INFINITY },
])('createRetryManager(%o) is refused', (options) => {
  expect(() => createRetryManager(options)).toThrow(RangeError)
})
