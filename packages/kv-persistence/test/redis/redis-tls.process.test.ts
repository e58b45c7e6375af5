import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createKvStore, type RedisStoreOptions } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { type RedisServer, startRedisServer } from '@holdfast/testkit/redis-server'
import { expect, onTestFinished, test } from 'vitest'

const dir = useTempDir()

test('TLS: a trusted certificate is accepted, others are not unless asked', async () => {
  const [certificate, key] = [join(dir(), 'cert.pem'), join(dir(), 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1']
  const form = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...form, ...subject, '-keyout', key, '-out', certificate], { stdio: 'pipe' })
  const port = await freePort()
  await start([`tls-port ${port}`, `tls-cert-file ${certificate}`, `tls-key-file ${key}`, 'tls-auth-clients no'])
  const options: RedisStoreOptions = { type: 'redis', host: '127.0.0.1', port, timeoutMs: 2000 }

  const ca = readFileSync(certificate, 'utf8')
  await using trusted = await createKvStore({ ...options, tls: { ca } })
  await trusted.put('k', 1)
  expect(await trusted.get('k')).toBe(1)

  await expect(createKvStore({ ...options, tls: true, timeoutMs: 500 })).rejects.toMatchObject({
    code: 'ERR_KV_UNAVAILABLE',
    message: expect.stringMatching(/self-signed/),
  })
  const otherName = createKvStore({ ...options, tls: { ca, servername: 'other.example' }, timeoutMs: 500 })
  await expect(otherName).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE' })
  const plain = createKvStore({ ...options, timeoutMs: 500 })
  await expect(plain).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE' })

  const url = `rediss://127.0.0.1:${port}/2`
  await using unchecked = await createKvStore({ type: 'redis', url, tls: { verify: false }, timeoutMs: 2000 })
  expect(await unchecked.exists('k')).toBe(false)
})

async function start(config: readonly string[]): Promise<RedisServer> {
  const server = await startRedisServer({ config })
  onTestFinished(() => server.stop())
  return server
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(address)))
    })
  })
}
