import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface ReceivedRequest {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: documents of several forms, looked into by assertions only
  readonly document: any
}

export interface HttpReceiver {
  readonly url: string
  readonly requests: ReceivedRequest[]
}

/** A local HTTP server that keeps what it is sent; `answer` may be slow, refuse, or cut the connection. */
export async function serveHttp(
  answer: (response: ServerResponse, count: number) => void = (response) => response.end('{"ok":true}'),
): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const document: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'))
      requests.push({ path: request.url ?? '', headers: request.headers, document })
      answer(response, requests.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests }
}
