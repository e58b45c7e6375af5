/**
 * One process of the torture: puts, pairs in one batch, increments, items for the queue and their consumption, until it is killed or told to end by a
 * closed stdin. What was acknowledged is told on stdout, one line each, written at once.
 */
import { writeSync } from 'node:fs'
import { createKvStore, createLeasedQueue, type KvStoreOptions } from '@holdfast/kv-persistence'

const [id = '', optionsText = ''] = process.argv.slice(2)
const options: KvStoreOptions = JSON.parse(optionsText)
const store = await createKvStore(options)
const queue = createLeasedQueue<string>('q', { store, maxAttempts: 1_000_000 })
const tell = (...words: readonly (string | number)[]): void => void writeSync(1, `${words.join(' ')}\n`)

let isEnding = false
process.stdin.on('end', () => {
  isEnding = true
})
process.stdin.resume()
tell('ready')

for (let n = 0; !isEnding; n += 1) {
  await Promise.all([write(n), count(), produce(n), consume()])
  await new Promise((resolve) => setImmediate(resolve))
}
// The last one empties the queue, leases of those who were killed included.
while ((await store.get('ending')) === id) {
  const { ready, delayed, leased } = await queue.counts()
  if (ready + delayed + leased === 0) break
  await consume()
}
await store.close()

async function write(n: number): Promise<void> {
  await store.put(['single', id, `${n}`], n)
  tell('put', n)
  await store.batch([
    { type: 'put', key: ['left', id, `${n}`], value: n },
    { type: 'put', key: ['right', id, `${n}`], value: n },
  ])
  tell('pair', n)
}

async function count(): Promise<void> {
  await store.increment('counter')
  tell('counted')
}

async function produce(n: number): Promise<void> {
  if (n % 4 !== 0) return
  await queue.enqueue(`${id}-${n}`)
  tell('enqueued', `${id}-${n}`)
}

async function consume(): Promise<void> {
  for (const lease of await queue.lease(2, 0.5)) {
    try {
      await queue.ack(lease)
      tell('done', lease.payload)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_LEASE_LOST')) throw error
    }
  }
}
