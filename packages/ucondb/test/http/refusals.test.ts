import { createServer } from 'node:http'
import { openArchive } from '@holdfast/ucondb'
import { expect, onTestFinished, test } from 'vitest'

const DIGEST = `Digest realm="ucon.runs", nonce="b'MTc5=='", algorithm=MD5, qop="auth"`

test.each([
  ['asks for another kind of credentials', 'Basic realm="lab"', "it asks for 'Basic' authentication", 1],
  ['refuses without asking', undefined, 'it did not even ask for credentials', 1],
  ['asks again for what was sent', DIGEST, 'it asks again for the credentials that were sent', 2],
])('put() to a server in front that %s fails at once and says so', async (_, challenge, message, requests) => {
  let seen = 0
  const server = createServer((request, response) => {
    seen += 1
    request.resume().on('end', () => {
      response.writeHead(401, challenge === undefined ? {} : { 'www-authenticate': challenge }).end('no')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const address = server.address()
  await using archive = await openArchive({
    serverUrl: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/app`,
    folderName: 'runs',
    objectName: 'configuration',
    writer: { user: 'writer', password: 'hush' },
  })
  await expect(archive.put('7', Buffer.from('x'))).rejects.toMatchObject({
    code: 'ERR_ARCHIVE_ACCESS',
    message: expect.stringContaining(message),
    hint: expect.stringContaining('server in front'),
  })
  expect(seen).toBe(requests)
})
