import { createKvStore, createRetryManager } from '@holdfast/kv-persistence'
import { expect, test } from 'vitest'
import { describeEachBackend } from '../each-backend.js'
import { FakeClock } from '../stores.js'

class AuthError extends Error {
  override readonly name = 'AuthError'
}

describeEachBackend((makeStore) => {
  test('shouldRetry() is true until maxRetries failures were recorded; with 0 never', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const retries = createRetryManager({ store, maxRetries: 3, backoffFactor: 2 })
    expect(await retries.shouldRetry('x')).toBe(true)
    for (const count of [1, 2, 3]) expect(await retries.recordRetry('x', 'Error message')).toBe(count)
    expect(await retries.shouldRetry('x')).toBe(false)
    expect(await retries.clearRetryData('x')).toBe(true)
    expect(await retries.clearRetryData('x')).toBe(false)
    expect(await retries.shouldRetry('x')).toBe(true)
    expect(await createRetryManager({ store, maxRetries: 0 }).shouldRetry('unknown')).toBe(false)
  })

  test('recordRetry() counts each of many at a time, in a namespace of its own', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const retries = createRetryManager({ store, namespace: 'a', maxRetries: 100, maxErrors: 4 })
    const counts = await Promise.all(Array.from({ length: 8 }, (_, n) => retries.recordRetry('x', `error ${n}`)))
    expect(counts.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect((await retries.getRecord('x'))?.errors).toHaveLength(4)
    expect(await createRetryManager({ store, namespace: 'b' }).getRecord('x')).toBeUndefined()
  })

  test('the time of the next attempt is kept: dueItems() gives what is due, to any process', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const options = { store, namespace: 'n', baseDelaySeconds: harness.shortTtlMs / 2000, jitter: 'none' } as const
    const retries = createRetryManager(options)
    await retries.recordRetry('late', 'e')
    await retries.recordRetry('late', 'e')
    await retries.recordRetry('a:b', 'e')
    expect(await retries.dueItems()).toEqual([])
    const delay = await retries.getRetryDelay('late')
    expect(delay).toBeGreaterThan(harness.shortTtlMs / 1000)
    expect(delay).toBeLessThanOrEqual((harness.shortTtlMs * 2) / 1000)
    await harness.elapse(harness.shortTtlMs + 20)
    const restarted = createRetryManager(options)
    expect((await restarted.dueItems()).map(({ itemId }) => itemId)).toEqual(['a:b'])
    await harness.elapse(harness.shortTtlMs)
    expect((await restarted.dueItems()).map(({ itemId }) => itemId)).toEqual(['a:b', 'late'])
    expect(await restarted.getRetryDelay('late')).toBe(0)
    expect(await restarted.dueItems({ limit: 1 })).toHaveLength(1)
    await restarted.recordRetry('late', 'third, the last')
    await restarted.clearRetryData('a:b')
    expect(await restarted.dueItems()).toEqual([])
  })

  test('an error that is not retried ends it at once', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const retries = createRetryManager({ store, notRetried: [AuthError, 'ENOENT'] })
    await retries.recordRetry('a', new AuthError('no'))
    await retries.recordRetry('b', Object.assign(new Error('gone'), { code: 'ENOENT' }))
    await retries.recordRetry('c', new Error('other'))
    expect(await Promise.all(['a', 'b', 'c'].map((id) => retries.shouldRetry(id)))).toEqual([false, false, true])
    expect(await retries.getRecord('a')).toMatchObject({ permanent: true, nextAttemptAt: null, lastError: 'no' })
  })

  test('a circuit opens after failures in a row, lets one call of all try, and closes on success', async () => {
    await using harness = await makeStore()
    await using store = await harness.open()
    const seconds = harness.shortTtlMs / 1000
    const options = { store, circuit: { failureThreshold: 3, openSeconds: seconds, probeSeconds: 60 } }
    const circuit = createRetryManager(options).circuit('api')
    const elsewhere = createRetryManager(options).circuit('api')
    await circuit.failed()
    await circuit.succeeded()
    for (const state of ['closed', 'closed', 'open']) expect(await circuit.failed()).toBe(state)
    expect(await elsewhere.allow()).toBe(false)
    await harness.elapse(harness.shortTtlMs + 20)
    const allowed = await Promise.all([circuit, elsewhere, circuit, elsewhere].map((one) => one.allow()))
    expect(allowed.filter(Boolean)).toHaveLength(1)
    expect(await circuit.state()).toBe('half-open')
    expect(await circuit.failed()).toBe('open')
    expect(await elsewhere.allow()).toBe(false)
    await harness.elapse(harness.shortTtlMs + 20)
    expect(await elsewhere.allow()).toBe(true)
    await elsewhere.succeeded()
    expect(await circuit.allow()).toBe(true)
    expect(await circuit.state()).toBe('closed')
  })
})

test('a circuit that is open for days is not forgotten before', async () => {
  const clock = new FakeClock()
  await using store = await createKvStore({ type: 'memory' }, clock)
  const day = 24 * 3600
  const circuit = createRetryManager({ store, circuit: { failureThreshold: 1, openSeconds: 3 * day } }).circuit('c')
  await circuit.failed()
  clock.elapse(2 * day * 1000)
  expect(await circuit.allow()).toBe(false)
  clock.elapse(day * 1000)
  expect([await circuit.allow(), await circuit.allow()]).toEqual([true, false])
  for (const openSeconds of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    expect(() => createRetryManager({ store, circuit: { openSeconds } }).circuit('c')).toThrow(RangeError)
  }
})
