import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export interface SeenRequest {
  readonly kind: 'put' | 'get' | 'other'
  readonly run: number | undefined
}

/**
 * Stands before a UconDB server. `beforeAnswer` is called when a request has come in whole and may take its time until it is passed on; `inFlight`
 * are those that have not been answered.
 */
export async function proxyUconDb(
  serverUrl: string,
  beforeAnswer: (seen: SeenRequest, inFlight: readonly SeenRequest[]) => Promise<void>,
): Promise<string> {
  const inFlight = new Set<SeenRequest>()
  const target = new URL(serverUrl)
  const proxy = createServer(async (incoming, outgoing) => {
    const seen = describe(incoming)
    inFlight.add(seen)
    const body = await buffer(incoming)
    await beforeAnswer(seen, [...inFlight])
    const { method, url: path, headers } = incoming
    const passed = request({ host: target.hostname, port: target.port, method, path, headers })
    passed.end(body)
    const [answer]: IncomingMessage[] = await once(passed, 'response')
    const content = answer === undefined ? Buffer.alloc(0) : await buffer(answer)
    inFlight.delete(seen)
    outgoing.writeHead(answer?.statusCode ?? 500, answer?.headers ?? {})
    outgoing.end(content)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  onTestFinished(() => void proxy.close())
  const address = proxy.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}${target.pathname}`
}

function describe({ method, url = '' }: IncomingMessage): SeenRequest {
  const key = new URL(url, 'http://any').searchParams.get('key')
  if (key === null || !url.includes('/data')) return { kind: 'other', run: undefined }
  return { kind: method === 'POST' ? 'put' : 'get', run: Number(key) }
}
