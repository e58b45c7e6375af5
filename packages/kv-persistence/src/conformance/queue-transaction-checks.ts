import assert from 'node:assert/strict'
import { createRetryManager } from '../managers/retry-manager.js'
import { createLeasedQueue, type LeasedQueue } from '../queue/leased-queue.js'
import type { Lease } from '../queue/queue-types.js'
import { assertRejectsWithCode, collect, keysOf } from './assertions.js'
import type { StoreCheck } from './suite.js'

async function leaseOne(queue: LeasedQueue, seconds = 60): Promise<Lease> {
  const [lease] = await queue.lease(1, seconds)
  assert.ok(lease !== undefined)
  return lease
}

export const queueTransactionChecks: readonly StoreCheck[] = [
  {
    name: "transact() takes an item out, changes the caller's keys and puts new items in, all at once",
    async run(test) {
      await using store = await test.open({ defaultTtlMs: test.shortTtlMs })
      const queue = createLeasedQueue(['p:1'], { store })
      await store.put('cursor', 1, { ttlMs: null })
      await queue.enqueue('a', { dedupeKey: 'a' })
      const lease = await leaseOne(queue)
      const entry = await store.getEntry('cursor')
      const enqueued = await queue.transact({
        complete: lease,
        checks: [{ key: 'cursor', version: entry?.version ?? null }],
        operations: [
          { type: 'put', key: 'cursor', value: 2, ttlMs: null },
          { type: 'put', key: ['done', 'a'], value: true, ttlMs: null },
          { type: 'increment', key: ['count'], by: 3, ttlMs: null },
        ],
        enqueue: [{ payload: 'b' }, { payload: 'c', options: { priority: 1 } }, { payload: 'a', options: {} }],
      })
      assert.deepEqual(
        enqueued?.map(({ duplicate }) => duplicate),
        [false, false, false],
      )
      assert.deepEqual(
        [await store.get('cursor'), await store.get(['done', 'a']), await store.get('count')],
        [2, true, 3],
      )
      const leases = await queue.lease(9, 60)
      assert.deepEqual(
        leases.map(({ payload }) => payload),
        ['c', 'b', 'a'],
      )
      assert.equal(leases[0]?.id, enqueued?.[1]?.id)
    },
  },
  {
    name: "transact() does nothing at all when a check of the caller's does not hold",
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      await queue.enqueue('a')
      const lease = await leaseOne(queue)
      await store.put('there', 1)
      const result = await queue.transact({
        complete: lease,
        checks: [{ key: ['there'], version: null }],
        operations: [{ type: 'put', key: 'mine', value: 1 }],
        enqueue: [{ payload: 'b', options: { dedupeKey: 'b' } }],
      })
      assert.equal(result, undefined)
      assert.equal(await store.exists('mine'), false)
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 1, dead: 0 })
      assert.equal((await queue.enqueue('b', { dedupeKey: 'b' })).duplicate, false)
      await queue.ack(lease)
    },
  },
  {
    name: 'transact() of a lease that was lost is refused with nothing changed',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      await queue.enqueue('a')
      const late = await leaseOne(queue, test.shortTtlMs / 1000)
      await test.elapse(test.shortTtlMs + 20)
      const second = await leaseOne(queue)
      const operations = [{ type: 'put', key: 'mine', value: 1 }] as const
      const work = { operations, enqueue: [{ payload: 'b' }] }
      await assertRejectsWithCode(queue.transact({ complete: late, ...work }), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.transact({ giveBack: { lease: late }, ...work }), 'ERR_LEASE_LOST')
      assert.equal(await store.exists('mine'), false)
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 1, dead: 0 })
      await queue.transact({ complete: second, ...work })
      assert.deepEqual(await queue.counts(), { ready: 1, delayed: 0, leased: 0, dead: 0 })
    },
  },
  {
    name: 'transact() of a lease that has run out is refused with nothing changed, also beside an increment',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      await queue.enqueue('a')
      const late = await leaseOne(queue, test.shortTtlMs / 1000)
      await test.elapse(test.shortTtlMs + 20)
      const work = { operations: [{ type: 'increment', key: 'sum' }], enqueue: [{ payload: 'b' }] } as const
      await assertRejectsWithCode(queue.transact({ complete: late, ...work }), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.transact({ giveBack: { lease: late }, ...work }), 'ERR_LEASE_LOST')
      assert.equal(await store.exists('sum'), false)
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 1, dead: 0 })
    },
  },
  {
    name: 'transact() takes no item in twice: neither one that is in the queue nor two of its own',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const { id } = await queue.enqueue('old', { dedupeKey: 'x' })
      const enqueued = await queue.transact({
        enqueue: ['x', 'y', 'y'].map((dedupeKey) => ({ payload: dedupeKey, options: { dedupeKey } })),
        operations: [{ type: 'put', key: 'happened', value: true }],
      })
      assert.deepEqual(
        enqueued?.map(({ duplicate }) => duplicate),
        [true, false, true],
      )
      assert.equal(enqueued?.[0]?.id, id)
      assert.equal(enqueued?.[2]?.id, enqueued?.[1]?.id)
      assert.equal(await store.get('happened'), true)
      assert.equal((await queue.counts()).ready, 2)
    },
  },
  {
    name: 'of transactions that compete on one check, one happens',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue<number>('q', { store })
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          queue.transact({
            checks: [{ key: 'step', version: null }],
            operations: [{ type: 'put', key: 'step', value: n }],
            enqueue: [{ payload: n, options: { dedupeKey: `d${n}` } }],
          }),
        ),
      )
      assert.equal(results.filter((result) => result !== undefined).length, 1)
      const [lease] = await queue.lease(9, 60)
      assert.equal(lease?.payload, await store.get('step'))
      assert.equal((await queue.counts()).ready, 0)
    },
  },
  {
    name: 'an item that is given back for good is dead at once, and one whose lease does not count keeps its attempts',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store, maxAttempts: 2 })
      await queue.enqueue('a')
      for (let round = 0; round < 3; round += 1) {
        const lease = await leaseOne(queue)
        assert.equal(lease.attempt, 1)
        await queue.nack(lease, { counted: false })
      }
      await queue.transact({
        giveBack: { lease: await leaseOne(queue), final: true, error: new Error('gone'), delaySeconds: 5 },
        operations: [{ type: 'put', key: 'error', value: 'gone' }],
      })
      const [dead] = await collect(queue.deadLetters())
      assert.equal(await queue.deadCount(), 1)
      assert.deepEqual([dead?.payload, dead?.lastError, await store.get('error')], ['a', 'gone', 'gone'])
      assert.deepEqual(await keysOf(store.scan('q:queue:delayed')), [])
    },
  },
  {
    name: 'isIdle() and nextDueMs() see what waits and what is out, not what is dead',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q:1', { store, maxAttempts: 1 })
      assert.deepEqual([await queue.isIdle(), await queue.nextDueMs()], [true, undefined])
      await queue.enqueue('later', { delaySeconds: 1000 })
      const startMs = await store.now()
      const delayedMs = (await queue.nextDueMs()) ?? 0
      assert.ok(delayedMs > startMs + 900_000 && delayedMs <= startMs + 1_000_000)
      await queue.enqueue('now')
      assert.equal(await queue.nextDelayedMs(), delayedMs)
      assert.ok(((await queue.nextDueMs()) ?? Number.NaN) <= (await store.now()))
      const lease = await leaseOne(queue, 100)
      assert.equal(await queue.nextDueMs(), lease.expiresAtMs)
      assert.equal(await queue.isIdle(), false)
      await queue.nack(lease)
      assert.equal(await queue.nextDueMs(), delayedMs)
      const other = createLeasedQueue('q:2', { store })
      assert.equal(await other.isIdle(), true)
    },
  },
  {
    name: 'a planned retry happens in the batch it is given to, or not at all',
    async run(test) {
      await using store = await test.open()
      const retries = createRetryManager({ store, namespace: 'p:1', maxRetries: 2, jitter: 'none' })
      const planned = await retries.planRetry('x', new Error('503'), { minDelaySeconds: 500 })
      assert.equal(await retries.getRecord('x'), undefined)
      assert.equal((await store.batch(planned.operations, { checks: planned.checks })).done, true)
      assert.equal((await store.batch(planned.operations, { checks: planned.checks })).done, false)
      assert.ok((await retries.getRetryDelay('x')) > 400)
      assert.equal(await retries.recordRetry('x', 'again'), 2)
      assert.equal((await retries.getRecord('x'))?.nextAttemptAt, null)
      const clear = await retries.planClear('x')
      assert.equal((await store.batch(clear.operations, { checks: clear.checks })).done, true)
      assert.deepEqual(await keysOf(store.scan()), [])
      assert.deepEqual((await retries.planClear('x')).operations, [])
    },
  },
]
