import { createServer } from 'node:net'
import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import {
  basicAuth,
  createHttpClient,
  createRateLimit,
  type HttpClient,
  type HttpClientOptions,
  headerAuth,
  oauthClientCredentials,
} from '@holdfast/locators'
import { reply, sireneFaults } from '@holdfast/testkit/sirene-server'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { ApiServer } from '../servers/api-server.js'

let server: ApiServer

beforeEach(async () => {
  server = await ApiServer.start()
})

afterEach(() => server[Symbol.asyncDispose]())

function open(options: HttpClientOptions = {}): HttpClient {
  const client = createHttpClient({ headersTimeoutMs: 2000, stalledTimeoutMs: 2000, ...options })
  onTestFinished(() => client.close())
  return client
}

async function read(client: HttpClient, path: string): Promise<unknown> {
  const response = await client.request({ url: server.origin + path })
  return JSON.parse(new TextDecoder().decode(await response.bytes()))
}

describe('answers', () => {
  test('a body comes as a stream, before it is whole', async () => {
    let finish = (): void => undefined
    server.faults.push((response) => {
      response.writeHead(200)
      response.write('first')
      finish = () => response.end('second')
    })
    const response = await open().request({ url: `${server.origin}/siren` })
    const chunks: string[] = []
    for await (const chunk of response.stream()) {
      chunks.push(new TextDecoder().decode(chunk))
      finish()
    }
    expect(chunks).toEqual(['first', 'second'])
  })

  test('one connection serves many requests', async () => {
    const client = open({ connections: 1 })
    const ports = new Set<unknown>()
    for (let n = 0; n < 5; n += 1) {
      server.faults.push((response, request) => {
        ports.add(response.socket?.remotePort)
        reply(n === 2 ? 500 : 200, { n })(response, request)
      })
      await read(client, '/siren').catch(() => undefined)
    }
    expect(ports.size).toBe(1)
  })

  test.each([
    [400, false],
    [401, false],
    [404, false],
    [408, true],
    [429, true],
    [500, true],
    [501, false],
    [503, true],
  ])('status %i is an error, retryable: %s', async (status, retryable) => {
    server.faults.push(sireneFaults.status(status))
    await expect(read(open(), '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_STATUS', status, retryable })
  })

  test('404 is empty if that is what it means', async () => {
    server.faults.push(sireneFaults.status(404))
    const response = await open({ notFoundIsEmpty: true }).request({ url: `${server.origin}/siren` })
    expect(response.isEmpty).toBe(true)
    await response.discard()
  })

  test('304 to a request that was not conditional is an error', async () => {
    server.faults.push(reply(304))
    await expect(read(open(), '/siren')).rejects.toMatchObject({ status: 304 })
  })

  test.each([
    ['seconds', '7', 7000],
    ['a date, against the date of the server', 'Fri, 31 Jan 2025 10:00:30 GMT', 30_000],
    ['a date that is over', 'Fri, 31 Jan 2025 09:00:00 GMT', 0],
    ['years', '99999999999', 86_400_000],
    ['nonsense', 'soon', undefined],
  ])('Retry-After in %s', async (_, value, retryAfterMs) => {
    server.faults.push(sireneFaults.status(503, { 'retry-after': value, date: 'Fri, 31 Jan 2025 10:00:00 GMT' }))
    const error: unknown = await read(open(), '/siren').catch((reason: unknown) => reason)
    expect((error as { retryAfterMs?: number }).retryAfterMs).toBe(retryAfterMs)
  })
})

describe('limits', () => {
  test.each([
    ['a cut body', sireneFaults.cut(), { code: 'ERR_HTTP_BODY', receivedBytes: 10 }],
    ['chunks without their end', sireneFaults.cutChunks(), { code: 'ERR_HTTP_BODY' }],
    ['a body that stalls', sireneFaults.stalled(), { code: 'ERR_HTTP_TIMEOUT', phase: 'stalled' }],
    ['no answer', sireneFaults.silent(), { code: 'ERR_HTTP_TIMEOUT', phase: 'headers' }],
  ])('%s', async (_, fault, expected) => {
    server.faults.push(fault)
    await expect(read(open({ headersTimeoutMs: 300, stalledTimeoutMs: 300 }), '/siren')).rejects.toMatchObject(expected)
  })

  test('a body that trickles for ever ends at the deadline of the whole', async () => {
    server.faults.push((response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    await expect(read(open({ totalTimeoutMs: 400 }), '/siren')).rejects.toMatchObject({ phase: 'total' })
  })

  test('a body that is too large is refused, announced or not', async () => {
    const client = open({ maxBodyBytes: 100 })
    server.faults.push(reply(200, 'x'.repeat(200)), (response) => {
      response.write('x'.repeat(99))
      response.end('xx')
    })
    await expect(read(client, '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_TOO_LARGE' })
    await expect(read(client, '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_TOO_LARGE' })
  })

  test('nobody listening, and a server that hangs up, are connection errors', async () => {
    const closed = createServer().listen(0)
    const { port } = closed.address() as { readonly port: number }
    closed.close()
    const refused = open().request({ url: `http://127.0.0.1:${port}/` })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_HTTP_CONNECTION', retryable: true })
    server.faults.push((response) => response.socket?.destroy())
    await expect(read(open(), '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_CONNECTION' })
  })

  test('the signal ends a request and a body with its reason', async () => {
    server.faults.push(sireneFaults.silent(), sireneFaults.stalled())
    const [first, second] = [new AbortController(), new AbortController()]
    const waiting = open().request({ url: `${server.origin}/siren` }, { signal: first.signal })
    first.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    server.faults.splice(0, server.faults.length, sireneFaults.stalled())
    const response = await open().request({ url: `${server.origin}/siren` }, { signal: second.signal })
    const body = response.bytes()
    second.abort(new Error('enough of it'))
    await expect(body).rejects.toThrow('enough of it')
  })
})

describe('redirects', () => {
  test('on the same host are followed, with credentials', async () => {
    server.faults.push(reply(302, {}, { location: '/page' }))
    await read(open({ auth: headerAuth('X-Key', 'k1') }), '/siren')
    expect(server.received.map(({ headers }) => headers['x-key'])).toEqual(['k1', 'k1'])
  })

  test('to another host are refused, or followed without credentials', async () => {
    await using other = await ApiServer.start()
    const elsewhere = reply(302, {}, { location: `${other.origin}/page` })
    server.faults.push(elsewhere, elsewhere)
    const auth = headerAuth('X-Key', 'k1')
    await expect(read(open({ auth }), '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_REDIRECT', retryable: false })
    expect(other.received).toEqual([])
    const client = open({ auth, redirects: 'any' })
    await (await client.request({ url: `${server.origin}/siren`, headers: { 'X-Other-Key': 'k2' } })).bytes()
    expect(other.received[0]?.headers).not.toHaveProperty('x-key')
    expect(other.received[0]?.headers).not.toHaveProperty('x-other-key')
  })

  test('in a circle end', async () => {
    for (let n = 0; n < 9; n += 1) server.faults.push(reply(302, {}, { location: '/siren' }))
    await expect(read(open(), '/siren')).rejects.toMatchObject({ code: 'ERR_HTTP_REDIRECT' })
    expect(server.received).toHaveLength(6)
  })
})

describe('credentials', () => {
  test('a key in a header, and basic authentication', async () => {
    await read(open({ auth: headerAuth('X-INSEE-Api-Key-Integration', 'abc') }), '/page')
    await read(open({ auth: basicAuth('user', 'päss:word') }), '/page')
    expect(server.received[0]?.headers['x-insee-api-key-integration']).toBe('abc')
    const [, basic = ''] = server.received[1]?.headers.authorization?.split(' ') ?? []
    expect(Buffer.from(basic, 'base64').toString()).toBe('user:päss:word')
  })

  describe('OAuth', () => {
    let nowMs = 0

    function openWithTokens(secret = 's:cret'): HttpClient {
      const tokenUrl = `${server.origin}/token`
      const auth = oauthClientCredentials({ tokenUrl, clientId: 'client', clientSecret: secret }, open(), {
        monotonicMs: () => nowMs,
      })
      return open({ auth })
    }

    async function withTokens(tokens: { expiresIn: number; uses?: number }): Promise<void> {
      await server[Symbol.asyncDispose]()
      server = await ApiServer.start({ tokens })
    }

    test('one token serves all who ask at once', async () => {
      await withTokens({ expiresIn: 3600 })
      const client = openWithTokens()
      await Promise.all(Array.from({ length: 10 }, () => read(client, '/page')))
      expect(server.tokensGiven).toHaveLength(1)
    })

    test('it is renewed before it expires', async () => {
      await withTokens({ expiresIn: 3600 })
      const client = openWithTokens()
      await read(client, '/page')
      nowMs += 3_539_000
      await read(client, '/page')
      expect(server.tokensGiven).toHaveLength(1)
      nowMs += 2000
      await read(client, '/page')
      expect(server.tokensGiven).toHaveLength(2)
    })

    test('a token that the server refuses is replaced once, also when many are refused together', async () => {
      await withTokens({ expiresIn: 3600, uses: 3 })
      const client = openWithTokens()
      for (let n = 0; n < 3; n += 1) await read(client, '/page')
      await Promise.all([read(client, '/page'), read(client, '/page'), read(client, '/page')])
      expect(server.tokensGiven).toHaveLength(2)
    })

    test('a server that refuses every token is an error, not an endless circle', async () => {
      await withTokens({ expiresIn: 3600, uses: 0 })
      await expect(read(openWithTokens(), '/page')).rejects.toMatchObject({ status: 401, retryable: false })
      expect(server.requestsOf('/page')).toHaveLength(2)
    })

    test('who has called off asks for no token', async () => {
      await withTokens({ expiresIn: 3600 })
      const client = openWithTokens('wr0ng')
      const reason = new Error('Enough')
      await expect(
        client.request({ url: `${server.origin}/page` }, { signal: AbortSignal.abort(reason) }),
      ).rejects.toBe(reason)
      expect(server.requestsOf('/token')).toEqual([])
    })

    test('without a token nothing is sent, and the secret is in no error', async () => {
      await withTokens({ expiresIn: 3600 })
      const error: unknown = await read(openWithTokens('wr0ng'), '/page').catch((reason: unknown) => reason)
      expect(error).toMatchObject({ code: 'ERR_HTTP_AUTH', retryable: false })
      expect(server.requestsOf('/page')).toEqual([])
      const { inspect } = await import('node:util')
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/wr0ng|d3Iwbmc|Y2xpZW50/)
    })
  })
})

describe('rate limit', () => {
  let store: KvStore

  beforeEach(async () => {
    store = await createKvStore({ type: 'memory' })
  })

  afterEach(() => store.close())

  function gaps(): number[] {
    return server.received.slice(1).map(({ atMs }, index) => atMs - (server.received[index]?.atMs ?? 0))
  }

  test('requests of two clients together are spaced evenly, and one after a restart keeps the distance', async () => {
    const limited = (): HttpClient =>
      open({ rateLimit: createRateLimit({ prefix: 'p', store, requests: 10, perSeconds: 1 }) })
    const [one, two] = [limited(), limited()]
    await Promise.all(Array.from({ length: 6 }, (_, n) => read(n % 2 === 0 ? one : two, '/page')))
    await read(limited(), '/page')
    expect(gaps()).toHaveLength(6)
    // What arrives is late by this and that; what is sent is not. The sum has no such slack.
    for (const gap of gaps()) expect(gap).toBeGreaterThan(70)
    expect(gaps().reduce((sum, gap) => sum + gap, 0)).toBeGreaterThan(590)
  })

  test('a burst goes at once, what follows is spaced', async () => {
    const rateLimit = createRateLimit({ prefix: 'p', store, requests: 10, perSeconds: 1, burst: 3 })
    const started = performance.now()
    for (let n = 0; n < 3; n += 1) await rateLimit.acquire()
    expect(performance.now() - started).toBeLessThan(90)
    await rateLimit.acquire()
    expect(performance.now() - started).toBeGreaterThan(90)
  })

  test('Retry-After holds back everybody, those too that were waiting for their turn', async () => {
    const rateLimit = createRateLimit({ prefix: 'p', store, requests: 20, perSeconds: 1 })
    const client = open({ rateLimit })
    server.faults.push(sireneFaults.status(429, { 'retry-after': '0.5' }))
    const results = await Promise.allSettled([read(client, '/page'), read(client, '/page'), read(client, '/page')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
    expect(gaps()[0]).toBeGreaterThan(400)
  })

  test('a silence that is longer than anybody waits is an error at once, and takes no turn', async () => {
    const rateLimit = createRateLimit({ prefix: 'p', store, requests: 1000, maxPauseMs: 60_000 })
    const client = open({ rateLimit })
    server.faults.push(sireneFaults.status(429, { 'retry-after': '3600' }))
    await expect(read(client, '/page')).rejects.toMatchObject({ code: 'ERR_HTTP_STATUS' })
    const before = await store.get('p:rate_limit')
    const error: unknown = await read(client, '/page').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_RATE_LIMIT_PAUSED', retryable: true })
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(3_500_000)
    expect(await store.get('p:rate_limit')).toEqual(before)
    expect(server.requestsOf('/page')).toHaveLength(1)
  })

  test('waiting can be called off', async () => {
    const rateLimit = createRateLimit({ prefix: 'p', store, requests: 1, perSeconds: 3600 })
    await rateLimit.acquire()
    await expect(rateLimit.acquire(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'AbortError' })
  })
})
