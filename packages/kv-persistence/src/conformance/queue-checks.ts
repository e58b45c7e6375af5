import assert from 'node:assert/strict'
import { createLeasedQueue } from '../queue/leased-queue.js'
import type { Lease } from '../queue/queue-types.js'
import { assertRejectsWithCode, collect } from './assertions.js'
import type { StoreCheck } from './suite.js'

function payloads(leases: readonly Lease[]): unknown[] {
  return leases.map(({ payload }) => payload)
}

export const queueChecks: readonly StoreCheck[] = [
  {
    name: 'a queue gives out items once, by priority and then in order, until they are acknowledged',
    async run(test) {
      await using store = await test.open({ defaultTtlMs: test.shortTtlMs })
      const queue = createLeasedQueue('q', { store })
      for (const name of ['a', 'b', 'c']) await queue.enqueue(name)
      await queue.enqueue('urgent', { priority: 5 })
      await queue.enqueue('later', { priority: -1 })
      assert.deepEqual(payloads(await queue.lease(2, 60)), ['urgent', 'a'])
      const rest = await queue.lease(10, 60)
      assert.deepEqual(payloads(rest), ['b', 'c', 'later'])
      assert.deepEqual(await queue.lease(10, 60), [])
      for (const lease of rest) await queue.ack(lease)
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 2, dead: 0 })
    },
  },
  {
    name: 'a queue item comes back when its lease runs out, and the late worker is refused',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      await queue.enqueue('a')
      const seconds = test.shortTtlMs / 1000
      const [late] = await queue.lease(1, seconds)
      assert.ok(late !== undefined)
      assert.deepEqual(await queue.lease(1, 60), [])
      await test.elapse(test.shortTtlMs + 20)
      const [second] = await queue.lease(1, 60)
      assert.ok(second !== undefined && second.token > late.token && second.attempt === 2)
      await assertRejectsWithCode(queue.ack(late), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.nack(late), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.extend(late, 60), 'ERR_LEASE_LOST')
      await queue.ack(second)
      await assertRejectsWithCode(queue.ack(second), 'ERR_LEASE_LOST')
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 0, dead: 0 })
      assert.deepEqual(
        (await collect(store.scan())).map(({ key }) => key),
        [],
      )
    },
  },
  {
    name: 'a lease that has run out counts for nothing, even while nobody else has the item',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      await queue.enqueue('a')
      const [late] = await queue.lease(1, test.shortTtlMs / 1000)
      assert.ok(late !== undefined)
      await test.elapse(test.shortTtlMs + 20)
      await assertRejectsWithCode(queue.ack(late), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.nack(late, { final: true }), 'ERR_LEASE_LOST')
      await assertRejectsWithCode(queue.extend(late, 60), 'ERR_LEASE_LOST')
      const [second] = await queue.lease(1, 60)
      assert.ok(second?.payload === 'a' && second.token > late.token && second.lastError === 'The lease ran out')
      await queue.ack(second)
      assert.equal(await queue.isIdle(), true)
    },
  },
  {
    name: 'the leases of holders that are gone end at once, and a late worker among them is refused',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      for (const name of ['a', 'b', 'c']) await queue.enqueue(name)
      const [late] = await queue.lease(1, 60, { holder: 'gone' })
      await queue.lease(1, 60, { holder: 'alive' })
      await queue.lease(1, 60)
      assert.ok(late !== undefined)
      const asked: string[] = []
      const isGone = (holder: string): boolean => asked.push(holder) > 0 && holder === 'gone'
      assert.equal(await queue.endLeasesOf(isGone), 1)
      assert.deepEqual(asked.toSorted(), ['alive', 'gone'])
      assert.deepEqual(await queue.counts(), { ready: 1, delayed: 0, leased: 2, dead: 0 })
      await assertRejectsWithCode(queue.ack(late), 'ERR_LEASE_LOST')
      const [second] = await queue.lease(10, 60)
      assert.ok(second?.payload === 'a' && second.attempt === 2 && second.token > late.token)
      await assertRejectsWithCode(queue.extend(late, 60), 'ERR_LEASE_LOST')
      assert.equal(await queue.endLeasesOf(isGone), 0)
      await queue.ack(second)
    },
  },
  {
    name: 'a queue item that is given back keeps its place, is delayed if asked, and dies after its last attempt',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store, maxAttempts: 2 })
      await queue.enqueue('a')
      await queue.enqueue('b')
      const [a1] = await queue.lease(1, 60)
      assert.ok(a1 !== undefined)
      await queue.nack(a1, { error: new Error('broken') })
      const [a2, b] = await queue.lease(2, 60)
      assert.ok(a2 !== undefined && b !== undefined)
      assert.deepEqual([a2.payload, a2.attempt, a2.lastError, b.payload], ['a', 2, 'broken', 'b'])
      await queue.nack(a2, { error: 'broken again' })
      await queue.nack(b, { delaySeconds: test.shortTtlMs / 1000 })
      assert.deepEqual(await queue.lease(2, 60), [])
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 1, leased: 0, dead: 1 })
      const [dead] = await collect(queue.deadLetters())
      assert.deepEqual([dead?.payload, dead?.attempts, dead?.lastError], ['a', 2, 'broken again'])
      await test.elapse(test.shortTtlMs + 20)
      assert.deepEqual(payloads(await queue.lease(2, 60)), ['b'])
      assert.equal(await queue.retryDead(dead?.id ?? ''), true)
      assert.deepEqual(payloads(await queue.lease(2, 60)), ['a'])
      assert.equal(await queue.removeDead(dead?.id ?? ''), false)
    },
  },
  {
    name: 'a queue item enqueued with a delay comes after it, and extend() keeps a lease',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const seconds = test.shortTtlMs / 1000
      await queue.enqueue('now')
      await queue.enqueue('soon', { delaySeconds: seconds, priority: 9 })
      const [lease] = await queue.lease(5, seconds)
      assert.equal(lease?.payload, 'now')
      assert.ok(lease !== undefined)
      const longer = await queue.extend(lease, 1000)
      assert.ok(longer.expiresAtMs > lease.expiresAtMs && longer.token === lease.token)
      await test.elapse(test.shortTtlMs + 20)
      assert.deepEqual(payloads(await queue.lease(5, 60)), ['soon'])
      await queue.ack(lease)
    },
  },
  {
    name: 'a dedupe key lets one item in at a time',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const results = await Promise.all(Array.from({ length: 10 }, (_, n) => queue.enqueue(n, { dedupeKey: 'a:b*' })))
      assert.equal(results.filter(({ duplicate }) => !duplicate).length, 1)
      assert.equal(new Set(results.map(({ id }) => id)).size, 1)
      const [lease] = await queue.lease(10, 60)
      assert.ok(lease !== undefined)
      assert.equal((await queue.enqueue('x', { dedupeKey: 'a:b*' })).duplicate, true)
      await queue.ack(lease)
      assert.equal((await queue.enqueue('x', { dedupeKey: 'a:b*', dedupeSeconds: 60 })).duplicate, false)
      for (const again of await queue.lease(10, 60)) await queue.ack(again)
      assert.equal((await queue.enqueue('x', { dedupeKey: 'a:b*' })).duplicate, true)
      assert.equal((await queue.lease(10, 60)).length, 0)
    },
  },
  {
    name: 'consumers that compete never get one item at the same time, and each item is done once',
    shared: true,
    async run(test) {
      await using one = await test.open()
      await using two = await test.open()
      const queues = [one, two].map((store) => createLeasedQueue<number>('q', { store }))
      await Promise.all(Array.from({ length: 60 }, (_, n) => queues[n % 2]?.enqueue(n)))
      const done: number[] = []
      await Promise.all(
        queues.map(async (queue) => {
          for (;;) {
            const leases = await queue.lease(3, 60)
            if (leases.length === 0) return
            for (const lease of leases) {
              await queue.ack(lease)
              done.push(lease.payload)
            }
          }
        }),
      )
      assert.deepEqual(
        done.toSorted((a, b) => a - b),
        [...Array(60).keys()],
      )
    },
  },
  {
    name: 'two queues of one store do not mix, and names may hold anything',
    async run(test) {
      await using store = await test.open()
      const one = createLeasedQueue(['q:1'], { store })
      const two = createLeasedQueue(['q', '1'], { store })
      await one.enqueue('one')
      await two.enqueue('two')
      assert.deepEqual(payloads(await two.lease(5, 60)), ['two'])
      assert.deepEqual(payloads(await one.lease(5, 60)), ['one'])
    },
  },
  {
    name: 'a queue item of which a part was taken away holds nobody up, and is given up visibly',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const ids: string[] = []
      for (const name of ['no payload', 'no item', 'whole']) ids.push((await queue.enqueue(name)).id)
      const [noPayload = '', noItem = ''] = ids
      await store.delete(['q', 'queue', 'payload', noPayload])
      await store.delete(['q', 'queue', 'item', noItem])
      assert.deepEqual(payloads(await queue.lease(5, 60)), ['whole'])
      const dead = await collect(queue.deadLetters())
      assert.deepEqual(
        dead.map(({ id, payload }) => [id, payload]),
        [
          [noPayload, undefined],
          [noItem, 'no item'],
        ],
      )
      assert.deepEqual(await queue.counts(), { ready: 0, delayed: 0, leased: 1, dead: 2 })
    },
  },
  {
    name: 'a queue item whose record was taken away while it was out, delayed or dead is given up visibly, and can be retried or removed',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const seconds = test.shortTtlMs / 1000
      const ids: Record<string, string> = {}
      for (const name of ['leased', 'delayed', 'dead']) {
        const { id } = await queue.enqueue(name, { dedupeKey: name })
        ids[name] = id
        const [lease] = await queue.lease(1, seconds)
        assert.ok(lease !== undefined)
        if (name === 'delayed') await queue.nack(lease, { delaySeconds: seconds })
        if (name === 'dead') await queue.nack(lease, { final: true })
        await store.delete(['q', 'queue', 'item', id])
      }
      await test.elapse(test.shortTtlMs + 20)
      assert.deepEqual(await queue.lease(5, 60), [])
      assert.equal(await queue.isIdle(), true)
      const dead = await collect(queue.deadLetters())
      assert.deepEqual(dead.map(({ payload }) => payload).toSorted(), ['dead', 'delayed', 'leased'])
      assert.ok(dead.every(({ lastError, enqueuedAtMs }) => lastError !== null && enqueuedAtMs > 0))
      for (const name of ['leased', 'dead']) assert.equal(await queue.retryDead(ids[name] ?? ''), true)
      assert.equal(await queue.removeDead(ids['delayed'] ?? ''), true)
      assert.equal(await queue.removeDead('17'), false)
      const leases = await queue.lease(5, 60)
      assert.deepEqual(payloads(leases).toSorted(), ['dead', 'leased'])
      for (const lease of leases) await queue.ack(lease)
      assert.deepEqual(await collect(store.scan()), [])
    },
  },
  {
    name: 'lease() waits for an item if asked, and can be called off',
    async run(test) {
      await using store = await test.open()
      const queue = createLeasedQueue('q', { store })
      const waiting = queue.lease(1, 60, { waitSeconds: 10 })
      await queue.enqueue('a')
      assert.deepEqual(payloads(await waiting), ['a'])
      const controller = new AbortController()
      const off = queue.lease(1, 60, { waitSeconds: 10, signal: controller.signal })
      controller.abort(new Error('enough'))
      await assert.rejects(off)
    },
  },
]
