/**
 * Processes killed with SIGKILL at random moments. What must hold afterwards: every put that was acknowledged is there; a batch is there whole or not at
 * all; no item of a queue is lost, none is acknowledged twice, and the queue ends up empty.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKvStore, createLeasedQueue, type KvStoreOptions } from '@holdfast/kv-persistence'
import { type Child, useTempDir } from '@holdfast/testkit'
import { startRedisServer } from '@holdfast/testkit/redis-server'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describeSharedBackends } from './shared-backends.js'
import { startWorker } from './workers.js'

const WRITERS = 2
const ROUNDS = 5
/** The moments differ from run to run with HOLDFAST_SEED. */
const [delays = []] = fc.sample(fc.array(fc.integer({ min: 0, max: 120 }), { minLength: 20, maxLength: 20 }), 1)

async function acknowledged(worker: Child, field: string): Promise<unknown[]> {
  const values: unknown[] = []
  for (;;) {
    const message = await worker.waitFor('acked').catch(() => undefined)
    if (message === undefined) return values
    values.push(message[field])
  }
}

async function checkWrites(options: KvStoreOptions, acked: ReadonlyMap<string, readonly unknown[]>): Promise<void> {
  await using store = await createKvStore(options)
  for (const [id, numbers] of acked) {
    const entries = await store.getMany(numbers.map((n) => ['a', id, String(n)]))
    expect(entries.map((entry) => entry?.value)).toEqual(numbers)
    const halves = await Promise.all(
      ['a', 'b'].map(async (half) => {
        const keys: string[] = []
        for await (const { key } of store.scan([half, id])) keys.push(key.slice(half.length))
        return keys.filter((key) => Number(key.split(':').at(-1)) % 3 === 0)
      }),
    )
    expect(halves[0]).toEqual(halves[1])
  }
}

describeSharedBackends((fresh) => {
  test('no acknowledged write of a killed writer is lost, and no batch is half', { timeout: 60_000 }, async () => {
    const options = fresh()
    const acked = new Map<string, readonly unknown[]>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const writers = Array.from({ length: WRITERS }, (_, index) => startWorker('write', `r${round}w${index}`, options))
      await Promise.all(writers.map((writer) => writer.ready()))
      await sleep(delays[round])
      for (const writer of writers) writer.kill('SIGKILL')
      for (const [index, writer] of writers.entries()) {
        expect((await writer.exited).signal).toBe('SIGKILL')
        acked.set(`r${round}w${index}`, await acknowledged(writer, 'n'))
      }
    }
    await checkWrites(options, acked)
    expect([...acked.values()].reduce((sum, numbers) => sum + numbers.length, 0)).toBeGreaterThan(ROUNDS)
  })

  test('no item of a queue is lost or acknowledged twice when consumers are killed', { timeout: 60_000 }, async () => {
    const options = fresh()
    await using store = await createKvStore(options)
    const queue = createLeasedQueue<string>('q', { store, maxAttempts: 1000 })
    const items = Array.from({ length: 120 }, (_, n) => `item${n}`)
    await Promise.all(items.map((item) => queue.enqueue(item)))
    const acked: unknown[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const consumers = ['c0', 'c1'].map((id) => startWorker('consume', id, options))
      await Promise.all(consumers.map((consumer) => consumer.ready()))
      await sleep(delays[10 + round])
      for (const consumer of consumers) consumer.kill('SIGKILL')
      for (const consumer of consumers) acked.push(...(await acknowledged(consumer, 'payload')))
    }
    const last = startWorker('consume', 'last', options)
    await last.waitFor('finished')
    acked.push(...(await acknowledged(last, 'payload')))
    expect(new Set(acked).size).toBe(acked.length)
    for (const item of items) expect(await store.get(['done', item])).toBeGreaterThanOrEqual(1)
    expect(await queue.counts()).toEqual({ ready: 0, delayed: 0, leased: 0, dead: 0 })
  })
})

describe('sqlite', () => {
  const dir = useTempDir()

  test('a store whose making was killed can be opened', { timeout: 60_000 }, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = join(dir(), `kv${round}.sqlite`)
      const worker = startWorker('create', 'w', { type: 'sqlite', path })
      await worker.ready()
      await sleep(delays[round])
      worker.kill('SIGKILL')
      await worker.exited
      const made = (await acknowledged(worker, 'n')).length
      // Also the one after the last, which may be there in part.
      for (let n = 0; n <= made; n += 1) {
        await using store = await createKvStore({ type: 'sqlite', path: `${path}-${n}` })
        const value = await store.get('n')
        expect(n < made ? [n] : [n, undefined]).toContain(value)
        await store.put('n', 'again')
      }
    }
  })
})

test('no acknowledged write is lost when a server with appendfsync always is killed', { timeout: 60_000 }, async () => {
  await using server = await startRedisServer({ durable: true })
  const options = { type: 'redis', host: '127.0.0.1', port: server.port, timeoutMs: 20_000 } as const
  const acked = new Map<string, readonly unknown[]>()
  for (let round = 0; round < 3; round += 1) {
    const writer = startWorker('write', `r${round}`, options)
    await writer.ready()
    await sleep(delays[round])
    await server.kill()
    await server.restart()
    writer.kill('SIGKILL')
    acked.set(`r${round}`, await acknowledged(writer, 'n'))
  }
  await checkWrites(options, acked)
})
