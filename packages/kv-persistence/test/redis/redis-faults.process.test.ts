/** A real server that goes away, comes back, freezes, fills up, forgets its scripts and changes its password. */
import { inspect } from 'node:util'
import { createKvStore, KvUnavailableError, type RedisStoreOptions } from '@holdfast/kv-persistence'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { describe, expect, onTestFinished, test } from 'vitest'

const TIMEOUT_MS = 600

async function start(config: readonly string[] = [], durable = false): Promise<RedisServer> {
  const server = await startRedisServer({ config, durable })
  onTestFinished(() => server.stop())
  return server
}

function options(server: RedisServer, more: Partial<RedisStoreOptions> = {}): RedisStoreOptions {
  return { type: 'redis', host: '127.0.0.1', port: server.port, timeoutMs: TIMEOUT_MS, ...more }
}

async function failure(work: Promise<unknown>): Promise<unknown> {
  const started = performance.now()
  const error = await work.then(
    (value) => new Error(`It did not fail but gave ${inspect(value)}`),
    (reason: unknown) => reason,
  )
  expect(performance.now() - started).toBeLessThan(TIMEOUT_MS * 3)
  return error
}

test('createKvStore() fails within the deadline when nobody listens', async () => {
  const server = await start()
  await server.kill()
  const error = await failure(createKvStore(options(server)))
  expect(error).toMatchObject({ code: 'ERR_KV_UNAVAILABLE', reason: 'disconnected', outcome: 'not-applied' })
})

test('a stopped server: every operation fails within the deadline, and works again when it is back', async () => {
  const server = await start([], true)
  await using store = await createKvStore(options(server))
  await store.put('k', 1)
  await server.kill()
  for (const work of [
    () => store.get('k'),
    () => store.put('k', 2),
    () => store.exists('k'),
    () => store.increment('n'),
    () => store.set('s').add('x'),
    () => store.scan().next(),
    () => store.ttl('k'),
    () => store.now(),
  ]) {
    expect(await failure(work())).toMatchObject({ code: 'ERR_KV_UNAVAILABLE', outcome: 'not-applied' })
  }
  await server.restart()
  await expect.poll(() => store.get('k').catch(() => 'not yet'), { timeout: 10_000 }).toBe(1)
  await store.put('k', 3)
  expect(await store.get('k')).toBe(3)
})

test('an operation that is waiting when the server comes back in time succeeds', async () => {
  const server = await start([], true)
  await using store = await createKvStore(options(server, { timeoutMs: 10_000 }))
  await store.put('k', 1)
  await server.kill()
  // Until the client has noticed: what is sent before may be on its way, and is not tried again.
  await new Promise((resolve) => setTimeout(resolve, 50))
  const work = Promise.all([store.get('k'), store.put('other', 2), store.increment('n', 5)])
  await server.restart()
  const [value, version, sum] = await work
  expect([value, sum]).toEqual([1, 5])
  expect(version).toBeGreaterThan(0)
})

test('a frozen server: what was sent may have happened, and the error says so', async () => {
  const server = await start()
  await using store = await createKvStore(options(server))
  await store.put('k', 1)
  server.pause()
  const results = await Promise.all([
    failure(store.put('k', 2)),
    failure(store.get('k')),
    failure(store.increment('n')),
  ])
  expect(results[0]).toMatchObject({ code: 'ERR_KV_UNAVAILABLE', outcome: 'unknown' })
  expect(results[1]).toMatchObject({ code: 'ERR_KV_UNAVAILABLE' })
  server.resume()
  await expect.poll(() => store.exists('k').catch(() => 'not yet'), { timeout: 10_000 }).toBe(true)
  // Whole or not at all, and once.
  expect([1, 2]).toContain(await store.get('k'))
  expect([undefined, 1]).toContain(await store.get('n'))
  expect(await store.put('k', 3)).toBeGreaterThan(0)
  expect(await store.get('k')).toBe(3)
})

test('a connection that is cut: commits in flight are told, and nothing happens twice', async () => {
  const server = await start()
  await using store = await createKvStore(options(server, { timeoutMs: 10_000 }))
  let done = 0
  let unknown = 0
  const work = Array.from({ length: 300 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, n / 3))
    try {
      await store.increment('n')
      done += 1
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_KV_UNAVAILABLE', outcome: 'unknown' })
      unknown += 1
    }
  })
  for (let cut = 0; cut < 5; cut += 1) {
    await new Promise((resolve) => setTimeout(resolve, 15))
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  }
  await Promise.all(work)
  const sum = Number(await store.get('n'))
  expect(sum).toBeGreaterThanOrEqual(done)
  expect(sum).toBeLessThanOrEqual(done + unknown)
})

test('a full server refuses writes whole, still reads and deletes, and goes on when there is room', async () => {
  const server = await start(['maxmemory 3mb', 'maxmemory-policy noeviction'])
  await using store = await createKvStore(options(server, { timeoutMs: 5000 }))
  await store.put('first', 1)
  let error: unknown
  let written = 0
  for (; error === undefined && written < 1000; written += 1) {
    error = await store
      .batch([
        { type: 'put', key: ['a', `${written}`], value: 'x'.repeat(20_000) },
        { type: 'put', key: ['b', `${written}`], value: 1 },
      ])
      .then(
        () => undefined,
        (reason: unknown) => reason,
      )
  }
  expect(error).toMatchObject({ code: 'ERR_KV_UNAVAILABLE', reason: 'full', outcome: 'not-applied' })
  expect(await store.exists(['a', `${written - 1}`])).toBe(false)
  expect(await store.exists(['b', `${written - 1}`])).toBe(false)
  expect(await store.get('first')).toBe(1)
  const [refused, deleted] = await Promise.allSettled([store.put('x', 'x'.repeat(9000)), store.delete(['a', '0'])])
  expect([refused?.status, deleted]).toEqual(['rejected', { status: 'fulfilled', value: true }])
  await Promise.all(Array.from({ length: 20 }, (_, n) => store.delete(['a', `${n + 1}`])))
  await expect
    .poll(
      () =>
        store.put('again', 1).then(
          () => 'ok',
          () => 'full',
        ),
      { timeout: 5000 },
    )
    .toBe('ok')
  expect(await store.get('again')).toBe(1)
})

test('a server that throws keys out when full is refused', async () => {
  const server = await start(['maxmemory 100mb', 'maxmemory-policy allkeys-lru'])
  expect(await failure(createKvStore(options(server)))).toMatchObject({ code: 'ERR_KV_CONFIG' })
})

test('a server that forgets its scripts is told them again', async () => {
  const server = await start()
  await using store = await createKvStore(options(server))
  await store.put('k', 1)
  await server.command('SCRIPT', 'FLUSH')
  expect(await store.increment('n')).toBe(1)
  await server.command('SCRIPT', 'FLUSH')
  expect(await Promise.all([store.increment('n'), store.increment('n')])).toEqual([2, 3])
})

test('a server that lost all its data never gives a version again', async () => {
  const server = await start()
  await using store = await createKvStore(options(server))
  const before = await store.put('k', 1)
  await server.command('FLUSHALL')
  expect(await store.put('k', 1)).toBeGreaterThan(before)
})

describe('credentials', () => {
  const PASSWORD = 'hush-4711'

  test('are sent, and in no error when they are wrong or change', async () => {
    const server = await start([`requirepass ${PASSWORD}`])
    const wrong = await failure(createKvStore(options(server, { password: 'hush-wrong' })))
    expect(wrong).toMatchObject({ code: 'ERR_KV_ACCESS' })
    const none = await failure(createKvStore(options(server)))
    expect(none).toMatchObject({ code: 'ERR_KV_ACCESS' })
    const url = `redis://:${PASSWORD}@127.0.0.1:${server.port}/0`
    await using store = await createKvStore({ type: 'redis', url, timeoutMs: TIMEOUT_MS })
    await store.put('k', 1)

    await using admin = await createKvStore(options(server, { password: PASSWORD }))
    await server.command('PING')
    const changed = await changePassword(server, PASSWORD, 'hush-new')
    expect(changed).toContain('OK')
    const refused = await failure(store.put('k', 2))
    expect(refused).toMatchObject({ code: 'ERR_KV_ACCESS' })
    const unused = await failure(admin.get('k'))
    for (const error of [wrong, none, refused, unused]) {
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hush')
    }
    await changePassword(server, 'hush-new', PASSWORD)
    await expect.poll(() => store.get('k').catch(() => 'not yet'), { timeout: 10_000 }).toBe(1)
  })
})

/** Also throws everybody out: connections that are there stay trusted otherwise. */
async function changePassword(server: RedisServer, from: string, to: string): Promise<string> {
  const { connect } = await import('node:net')
  return new Promise((resolve, reject) => {
    let said = ''
    const socket = connect(server.port, '127.0.0.1')
    socket.write(`AUTH ${from}\r\nCONFIG SET requirepass ${to}\r\nCLIENT KILL TYPE normal SKIPME yes\r\nQUIT\r\n`)
    socket.on('data', (data) => {
      said += String(data)
    })
    socket.on('close', () => resolve(said))
    socket.on('error', reject)
  })
}

test('an aborted operation ends at once', async () => {
  const server = await start()
  await using store = await createKvStore(options(server, { timeoutMs: 10_000 }))
  server.pause()
  const started = performance.now()
  const controller = new AbortController()
  const work = store.get('k', { signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(work).rejects.toThrow('enough')
  expect(performance.now() - started).toBeLessThan(1000)
  server.resume()
})

test('an idle store does not keep sending, and close() frees the connection', async () => {
  const server = await start()
  const store = await createKvStore(options(server))
  await store.close()
  const clients = await server.command('CLIENT', 'LIST', 'TYPE', 'normal')
  expect(clients.split('\n').filter((line) => line.includes('addr='))).toHaveLength(1)
})

test('in a cluster all keys of a store are in one slot, and everything works', async () => {
  const server = await start(['cluster-enabled yes'])
  await server.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await expect.poll(() => server.command('CLUSTER', 'INFO'), { timeout: 10_000 }).toContain('cluster_state:ok')
  await using store = await createKvStore(
    options(server, { cluster: true, timeoutMs: 10_000, keyPrefix: 'odd}{:prefix:' }),
  )
  await store.putMany([
    ['a', 1],
    ['b:c', 2],
    ['{x}', 3],
  ])
  const result = await store.batch(
    [
      { type: 'increment', key: 'n' },
      { type: 'delete', key: 'a' },
    ],
    {
      checks: [{ key: 'zz', version: null }],
    },
  )
  expect(result.done).toBe(true)
  const keys: string[] = []
  for await (const { key } of store.scan()) keys.push(key)
  expect(keys).toEqual(['b:c', 'n', '{x}'])
  const slots = new Set<string>()
  for (const name of ['{odd%7D%7B:prefix}:b:c', '{odd%7D%7B:prefix}#index', '{odd%7D%7B:prefix}:{x}']) {
    slots.add(await server.command('CLUSTER', 'KEYSLOT', name))
    expect(await server.command('EXISTS', name)).toContain(':1')
  }
  expect(slots.size).toBe(1)
})

test('expired keys leave the index as well', async () => {
  const server = await start()
  await using store = await createKvStore(options(server, { keyPrefix: 'p' }))
  await store.putMany(
    Array.from({ length: 50 }, (_, n) => [`k${n}`, 1] as const),
    { ttlMs: 20 },
  )
  await store.put('stays', 1)
  await expect.poll(() => server.command('DBSIZE')).toContain(':4')
  for await (const { key } of store.scan()) expect(key).toBe('stays')
  await expect.poll(() => server.command('ZCARD', '{p}#index')).toContain(':1')
  // Enough puts with an end make the store look for those whose end has come, without anybody scanning.
  await store.putMany(
    Array.from({ length: 1000 }, (_, n) => [`m${n}`, 1] as const),
    { ttlMs: 20 },
  )
  await expect
    .poll(
      async () => {
        await store.putMany(
          Array.from({ length: 1000 }, (_, n) => [`n${n}`, 1] as const),
          { ttlMs: 100_000 },
        )
        return server.command('ZCARD', '{p}#index')
      },
      { timeout: 5000 },
    )
    .toContain(':1001')
})

test('KvUnavailableError names the server without what is secret', async () => {
  const server = await start()
  await server.kill()
  const url = `redis://someone:hush@127.0.0.1:${server.port}/3`
  const error = await failure(createKvStore({ type: 'redis', url, timeoutMs: 300 }))
  expect(error).toBeInstanceOf(KvUnavailableError)
  expect(error).toMatchObject({ location: `127.0.0.1:${server.port}/3` })
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hush')
})
