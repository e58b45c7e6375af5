/** What stands between a store and its server may swallow or cut anything: the store goes on, or says so with a typed error. */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { createKvStore, type KvStore, type RedisStoreOptions } from '@holdfast/kv-persistence'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { expect, onTestFinished, test } from 'vitest'

interface Proxy {
  readonly port: number
  readonly sockets: ReadonlySet<Socket>
  /** Decides about new connections: nothing of what they send arrives. */
  swallows: boolean
  /** Told of everything that is sent; true: this does not arrive. */
  filter: (data: Buffer, socket: Socket) => boolean
}

async function startProxy(server: RedisServer): Promise<Proxy> {
  const sockets = new Set<Socket>()
  const state = { sockets, swallows: false, filter: (_data: Buffer, _socket: Socket): boolean => false }
  const listener = createServer((socket) => {
    const upstream = connect(server.port, '127.0.0.1')
    const { swallows } = state
    sockets.add(socket)
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      one.on('error', () => other.destroy())
      one.on('close', () => other.destroy())
    }
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      if (!swallows && !state.filter(data, socket)) upstream.write(data)
    })
    upstream.on('data', (data) => socket.write(data))
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  const address = listener.address()
  return Object.assign(state, { port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
}

async function start(): Promise<RedisServer> {
  const server = await startRedisServer()
  onTestFinished(() => server.stop())
  return server
}

function open(port: number, more: Partial<RedisStoreOptions> = {}): Promise<KvStore> {
  return createKvStore({ type: 'redis', host: '127.0.0.1', port, timeoutMs: 1000, keyPrefix: 'p', ...more })
}

test('a connection that is accepted and never answered is given up, and the next one works', async () => {
  const proxy = await startProxy(await start())
  await using store = await open(proxy.port, { connectTimeoutMs: 200 })
  await store.put('k', 1)
  proxy.swallows = true
  for (const socket of proxy.sockets) socket.destroy()
  await expect.poll(() => proxy.sockets.size).toBe(1)
  // Only the one that hangs is lost: those after it would be fine.
  proxy.swallows = false
  await expect.poll(() => store.get('k').catch(() => 'not yet'), { timeout: 8000 }).toBe(1)
})

test.each(['cut', 'swallowed'])('a scan is not spoilt when tidying up behind expired keys is %s', async (how) => {
  const server = await start()
  const proxy = await startProxy(server)
  await using store = await open(proxy.port)
  await store.put(['e', 'a'], 1, { ttlMs: 1 })
  await store.put(['e', 'b'], 2)
  await expect.poll(() => server.command('EXISTS', '{p}:e:a')).toContain(':0')
  let lost = 0
  proxy.filter = (data, socket) => {
    // Only the script that tidies up knows the expiries and not the version.
    if (data.includes('#version') || !data.includes('#expiries')) return false
    lost += 1
    if (how === 'cut') socket.destroy()
    return true
  }
  const keys: string[] = []
  for await (const { key } of store.scan('e')) keys.push(key)
  expect(keys).toEqual(['e:b'])
  await expect.poll(() => lost).toBeGreaterThan(0)
  proxy.filter = () => false
})

test('large values at the same time travel in several commands', async () => {
  const server = await start()
  await using store = await open(server.port, { timeoutMs: 60_000 })
  const value = 'x'.repeat(15 << 20)
  const puts = Array.from({ length: 40 }, (_, n) => store.put(`k${n}`, value))
  expect(await Promise.all(puts)).toHaveLength(40)
  expect(await server.command('DBSIZE')).toContain(':42')
}, 60_000)

test('a key that another program uses for something else is an error, not an endless attempt', async () => {
  const server = await start()
  await using store = await open(server.port)
  await server.command('LPUSH', '{p}:k', 'x')
  const foreign = { code: 'ERR_KV_DECODE', key: 'k' }
  await expect(store.increment('k')).rejects.toMatchObject(foreign)
  await expect(store.compareAndSet('k', null, 1)).rejects.toMatchObject(foreign)
  const both = [
    store.increment('n'),
    store.batch([{ type: 'put', key: 'm', value: 1 }], { checks: [{ key: 'k', version: null }] }),
  ]
  expect(await Promise.allSettled(both)).toMatchObject([{ value: 1 }, { reason: foreign }])
  expect(await store.exists('m')).toBe(false)
  await store.put('k', 1)
  expect(await store.increment('k')).toBe(2)
})
