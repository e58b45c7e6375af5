import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { openArchive } from '@holdfast/ucondb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeUconDbServer, PASSWORD } from '../support/fake-ucondb-server.js'

// Made for these tests; the authority's key was thrown away.
const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url))

async function open(tls: { readonly caFile?: string; readonly verify?: boolean }, warnings: string[] = []) {
  const server = await FakeUconDbServer.start({
    tls: { key: readFileSync(fixture('server-key.pem'), 'utf8'), cert: readFileSync(fixture('server.pem'), 'utf8') },
  })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const writer = { user: 'writer', password: PASSWORD }
  const archive = await openArchive(
    { serverUrl: server.url, folderName: 'runs', objectName: 'configuration', writer, tls },
    { logger: { warn: (message) => warnings.push(message) } },
  )
  onTestFinished(() => archive.close())
  return archive
}

describe('a server with a certificate of its own authority', () => {
  test('is refused by default, with the setting that would allow it', async () => {
    const archive = await open({})
    await expect(archive.put('7', Buffer.from('x'))).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      hint: expect.stringContaining('ucon_db.tls_ca_file'),
    })
  })

  test('is accepted when the authority is named', async () => {
    const archive = await open({ caFile: fixture('ca.pem') })
    expect(await archive.put('7', Buffer.from('x'))).toMatchObject({ outcome: 'stored' })
  })

  test('is accepted without verification, with a warning', async () => {
    const warnings: string[] = []
    const archive = await open({ verify: false }, warnings)
    expect(await archive.put('7', Buffer.from('x'))).toMatchObject({ outcome: 'stored' })
    expect(warnings).toEqual([expect.stringContaining('is not verified')])
  })

  test('is spoken to in HTTP/1.1, even if it prefers HTTP/2', async () => {
    const versions: string[] = []
    const keys = { key: readFileSync(fixture('server-key.pem')), cert: readFileSync(fixture('server.pem')) }
    const server = createSecureServer({ ...keys, allowHTTP1: true }, (request, response) => {
      versions.push(request.httpVersion)
      response.writeHead(404)
      response.end('Version not found')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    await using archive = await openArchive({
      serverUrl: `https://127.0.0.1:${port}`,
      folderName: 'runs',
      objectName: 'configuration',
      tls: { caFile: fixture('ca.pem') },
    })
    await expect(archive.get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_NOT_FOUND' })
    expect(versions).toEqual(['1.1'])
  })

  test('is not opened when the file of certificates holds none', async () => {
    await expect(open({ caFile: fixture('server-key.pem') })).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'tls',
      message: expect.stringContaining('server-key.pem'),
    })
  })

  test('is not opened when the file of certificates cannot be read', async () => {
    await expect(open({ caFile: '/nonexistent.pem' })).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'tls',
    })
  })
})
