import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { makeSftpKey, startPasswordSftpServer, startSftpServer, startTcpProxy } from '@holdfast/testkit/sftp-server'
import { describe, expect, test } from 'vitest'
import { createSftpPool, type PoolUse, type SftpPool } from '../../src/sftp/connection-pool.ts'
import { loginTo, putFiles, useSftpServer } from './use-sftp.ts'

const server = useSftpServer()

async function names(pool: SftpPool, options?: PoolUse): Promise<string[]> {
  const entries = await pool.use((connection) => connection.list('.'), options)
  return entries.map(({ name }) => name).sort()
}

describe('host keys', () => {
  test('without hostKeys no pool is made: checking is on by default', () => {
    const { hostKeys: _, ...options } = loginTo(server())
    expect(() => createSftpPool(options)).toThrow(/Give 'hostKeys'/)
    expect(() => createSftpPool({ ...options, hostKeys: [] })).toThrow(/Give 'hostKeys'/)
  })

  test('a server with another key is refused before it gets the password, once, and told with the key that it has', async () => {
    await using stranger = await startPasswordSftpServer({ username: 'public', password: 'secret' })
    await using pool = createSftpPool({
      ...{ host: '127.0.0.1', port: stranger.port, username: 'public', password: 'secret' },
      hostKeys: [makeSftpKey().fingerprint],
    })
    await expect(names(pool)).rejects.toMatchObject({
      code: 'ERR_SFTP_HOST_KEY',
      retryable: false,
      fingerprint: stranger.hostKey.fingerprint,
      hint: expect.stringContaining(stranger.hostKey.fingerprint),
    })
    expect(stranger.attempts).toBe(0)
  })

  test('a server whose key was changed while it was down is refused', async () => {
    await using own = await startSftpServer()
    await using pool = createSftpPool(loginTo(own))
    expect(await names(pool)).toEqual([])
    await own.kill()
    own.changeHostKey()
    await own.restart()
    await expect(names(pool)).rejects.toMatchObject({ code: 'ERR_SFTP_HOST_KEY' })
  })

  test('acceptAnyHostKey lets any in, a line of known_hosts only its own', async () => {
    const { hostKeys: _, ...options } = loginTo(server())
    await using careless = createSftpPool({ ...options, acceptAnyHostKey: true })
    await names(careless)
    const line = `[127.0.0.1]:${server().port} ${server().hostKey.publicKey}`
    await using careful = createSftpPool({ ...options, hostKeys: [line] })
    await names(careful)
  })
})

describe('logging in', () => {
  test('with a key: the right one is let in, another is ERR_SFTP_AUTH and not tried again', async () => {
    await using pool = createSftpPool(loginTo(server()))
    await names(pool)
    await using proxy = await startTcpProxy(server().port)
    await using wrong = createSftpPool(loginTo(server(), { port: proxy.port, privateKey: makeSftpKey().privateKey }))
    await expect(names(wrong)).rejects.toMatchObject({ code: 'ERR_SFTP_AUTH', retryable: false })
    expect(proxy.accepted).toBe(1)
  })

  test.each([{ asksForIt: false }, { asksForIt: true }])('with a password (%o)', async ({ asksForIt }) => {
    await using passwords = await startPasswordSftpServer({ username: 'public', password: 'secret', asksForIt })
    writeFileSync(join(passwords.root, 'a.txt'), 'a')
    const options = {
      ...{ host: '127.0.0.1', port: passwords.port, username: 'public' },
      hostKeys: [passwords.hostKey.fingerprint],
    }
    await using pool = createSftpPool({ ...options, password: 'secret' })
    expect(await names(pool)).toEqual(['a.txt'])

    await using wrong = createSftpPool({ ...options, password: 'not-the-password' })
    const error: unknown = await names(wrong).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_SFTP_AUTH' })
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('not-the-password')
  })

  test.each([
    { what: 'no key', privateKey: 'very secret', message: /'privateKey' cannot be used/ },
    { what: 'a public key', privateKey: makeSftpKey().publicKey, message: /'privateKey' is a public key/ },
  ])('$what instead of a private key is refused at once, and not shown', ({ privateKey, message }) => {
    const make = (): unknown => createSftpPool(loginTo(server(), { privateKey }))
    expect(make).toThrow(message)
    expect(make).not.toThrow(privateKey)
  })

  test('a server that cuts logins off is tried again, each time later', async () => {
    await using passwords = await startPasswordSftpServer({ username: 'public', password: 'secret' })
    passwords.throttle(3)
    const waits: number[] = []
    await using pool = createSftpPool(
      {
        ...{ host: '127.0.0.1', port: passwords.port, username: 'public', password: 'secret' },
        ...{ hostKeys: [passwords.hostKey.fingerprint], reconnectDelayMs: 100 },
      },
      { random: () => 0.999, sleep: async (ms) => void waits.push(ms) },
    )
    expect(await names(pool)).toEqual([])
    expect(waits).toEqual([100, 200, 400])
    expect(passwords.attempts).toBe(4)
  })

  test("sshd's own limit of logins under way (MaxStartups 1) does not stop four uses at a time", async () => {
    await using strict = await startSftpServer({ config: ['MaxStartups 1:100:1'] })
    await using pool = createSftpPool(loginTo(strict, { maxConnections: 4, connectAttempts: 20 }))
    const results = await Promise.all([1, 2, 3, 4].map(() => names(pool)))
    expect(results).toEqual([[], [], [], []])
  })
})

describe('the pool', () => {
  test('uses a connection again, and opens no more than maxConnections', async () => {
    await using proxy = await startTcpProxy(server().port)
    await using pool = createSftpPool(loginTo(server(), { port: proxy.port, maxConnections: 2 }))
    for (let round = 0; round < 5; round += 1) await names(pool)
    expect(proxy.accepted).toBe(1)
    await Promise.all(Array.from({ length: 10 }, () => names(pool)))
    expect(proxy.accepted).toBe(2)
  })

  test('connects again after the line was cut, and what was under way fails with a retryable error', async () => {
    await using proxy = await startTcpProxy(server().port)
    await using pool = createSftpPool(loginTo(server(), { port: proxy.port }))
    const cut = pool.use(async (connection) => {
      await connection.list('.')
      proxy.cut()
      return connection.list('.')
    })
    await expect(cut).rejects.toMatchObject({ code: 'ERR_SFTP_CONNECTION', reason: 'lost', retryable: true })
    await names(pool)
    expect(proxy.accepted).toBe(2)
  })

  test('connects again after the server was killed and started again', async () => {
    await using own = await startSftpServer()
    await using pool = createSftpPool(loginTo(own, { connectAttempts: 2 }))
    putFiles(own.root, { 'a.txt': {} })
    await names(pool)
    await own.kill()
    await expect(names(pool, { repeatable: true })).rejects.toMatchObject({ reason: 'unreachable', retryable: true })
    await own.restart()
    expect(await names(pool)).toEqual(['a.txt'])
  })

  test('a server that no longer answers is an error within the time, not a wait for ever', async () => {
    await using proxy = await startTcpProxy(server().port)
    await using pool = createSftpPool(loginTo(server(), { port: proxy.port, stallTimeoutMs: 300 }))
    await names(pool)
    const frozen = pool.use((connection) => {
      proxy.freeze()
      return connection.list('.')
    })
    await expect(frozen).rejects.toMatchObject({ code: 'ERR_SFTP_CONNECTION' })
  })

  test('a server that takes the connection and says nothing is an error within the time', async () => {
    await using proxy = await startTcpProxy(server().port)
    proxy.freeze()
    await using pool = createSftpPool(
      loginTo(server(), { port: proxy.port, connectTimeoutMs: 200, connectAttempts: 1 }),
    )
    await expect(names(pool)).rejects.toMatchObject({ code: 'ERR_SFTP_CONNECTION', reason: 'timeout' })
  })

  test('a signal ends the wait for a place, and leaves the place to the next', async () => {
    await using pool = createSftpPool(loginTo(server(), { maxConnections: 1 }))
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = pool.use(() => promise)
    const controller = new AbortController()
    const second = pool.use(async () => 'second', { signal: controller.signal })
    const third = pool.use(async () => 'third')
    controller.abort(new Error('Enough'))
    await expect(second).rejects.toThrow('Enough')
    resolve()
    await first
    expect(await third).toBe('third')
  })

  test('close() fails what is under way and what waits, and twice is fine', async () => {
    const pool = createSftpPool(loginTo(server(), { maxConnections: 1 }))
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = pool.use(async (connection) => {
      resolve()
      for (;;) await connection.list('.')
    })
    const outcomes = Promise.allSettled([first, pool.use(async () => 'never')])
    await promise
    await pool.close()
    await pool.close()
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(names(pool)).rejects.toThrow(/closed/)
  })

  test.each([
    { option: { port: 0 }, message: /port/ },
    { option: { host: '' }, message: /host/ },
    { option: { username: '' }, message: /username/ },
    { option: { maxConnections: 0 }, message: /maxConnections/ },
    { option: { privateKey: undefined }, message: /'password' or 'privateKey'/ },
    { option: { acceptAnyHostKey: true }, message: /not both/ },
  ])('settings that cannot be meant are refused: $option', ({ option, message }) => {
    expect(() => createSftpPool({ ...loginTo(server()), ...option })).toThrow(message)
  })
})
