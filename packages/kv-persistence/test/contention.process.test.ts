import { createKvStore, createLeasedQueue, createRetryManager, createStateTracker } from '@holdfast/kv-persistence'
import { expect, test } from 'vitest'
import { describeSharedBackends } from './shared-backends.js'
import { runWorkers } from './workers.js'

const PROCESSES = 4

describeSharedBackends((fresh) => {
  test('increment() by 4 processes is exact', { timeout: 60_000 }, async () => {
    const options = fresh()
    await runWorkers('increment', PROCESSES, options, 250)
    await using store = await createKvStore(options)
    expect(await store.get('counter')).toBe(PROCESSES * 250)
  })

  test('putIfAbsent() of the same keys by 4 processes gives each to one', { timeout: 60_000 }, async () => {
    const workers = await runWorkers('claim', PROCESSES, fresh(), 100)
    const won = await Promise.all(workers.map(async (worker) => Number((await worker.waitFor('won'))['won'])))
    expect(won.reduce((sum, count) => sum + count, 0)).toBe(100)
  })

  test('statistics, retries and sets of 4 processes lose nothing', { timeout: 60_000 }, async () => {
    const options = fresh()
    await runWorkers('mixed', PROCESSES, options, 25)
    await using store = await createKvStore(options)
    const tracker = createStateTracker('t', { store })
    expect(await tracker.getCounter('calls')).toBe(100)
    expect(await tracker.getProcessingStats('op')).toMatchObject({ count: 100, totalTime: 50 })
    expect((await createRetryManager({ store }).getRecord('item'))?.retryCount).toBe(100)
    const seen: string[] = []
    for await (const member of store.set('seen').members()) seen.push(member)
    expect(seen).toHaveLength(25)
  })

  test('a queue of 4 consumers gives each item to one', { timeout: 60_000 }, async () => {
    const options = fresh()
    await using store = await createKvStore(options)
    const queue = createLeasedQueue<string>('q', { store })
    for (let n = 0; n < 80; n += 1) await queue.enqueue(`item${n}`)
    // So long that no lease runs out on a busy machine: then an item would rightly be given out again.
    const leaseSeconds = 60
    await runWorkers('consume', PROCESSES, options, leaseSeconds)
    for (let n = 0; n < 80; n += 1) expect(await store.get(['done', `item${n}`])).toBe(1)
    expect(await queue.counts()).toEqual({ ready: 0, delayed: 0, leased: 0, dead: 0 })
  })
})
