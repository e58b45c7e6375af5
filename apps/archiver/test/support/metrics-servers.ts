import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface LineServer {
  readonly port: number
  readonly lines: string[]
  readonly connections: number
  /** Resolves when that many lines are there. */
  received(count: number): Promise<void>
}

export interface LineServerOptions {
  /** Called with each connection in place of reading it. */
  readonly onConnection?: (socket: Socket, count: number) => 'read' | 'ignore'
  readonly port?: number
}

/** A TCP server that takes lines, as Carbon does. */
export async function serveLines({
  onConnection = () => 'read',
  port = 0,
}: LineServerOptions = {}): Promise<LineServer> {
  const lines: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let onLine: () => void = () => undefined
  const server = createServer((socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    if (onConnection(socket, connections) === 'ignore') return
    let rest = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      onLine()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    lines,
    get connections() {
      return connections
    },
    received: (count) =>
      new Promise((resolve) => {
        onLine = () => {
          if (lines.length >= count) resolve()
        }
        onLine()
      }),
  }
}

/** A port on which nobody listens. */
export async function refusedPort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const LISTENER = `
const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => process.stdout.write(String(server.address().port)))
`

/** A port whose listener is stopped and whose queue is full: a further connection is neither made nor refused. */
export async function blackHole(): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTENER], { stdio: ['ignore', 'pipe', 'ignore'] })
  const sockets: Socket[] = []
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
  })
  if (child.stdout === null) throw new Error('The listener has no output')
  const [text] = await once(child.stdout, 'data')
  const port = Number(String(text))
  child.kill('SIGSTOP')
  for (let count = 0; count < 20; count += 1) {
    const socket = connect({ port, host: '127.0.0.1' })
    sockets.push(socket)
    socket.on('error', () => undefined)
    const made = await Promise.race([
      once(socket, 'connect').then(() => true),
      new Promise<false>((resolve) => setTimeout(() => resolve(false), 300)),
    ])
    if (!made) return port
  }
  throw new Error('The queue of the listener does not fill up')
}

export interface OtlpRequest {
  readonly url: string | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** An OpenTelemetry collector as far as metrics over HTTP with JSON go. */
export async function serveOtlp(
  status = 200,
  tls?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<{ readonly endpoint: string; readonly requests: OtlpRequest[] }> {
  const requests: OtlpRequest[] = []
  const answer: RequestListener = (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ url: request.url, headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) })
      response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
    })
  }
  const server = tls === undefined ? createHttpServer(answer) : createHttpsServer(tls, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const scheme = tls === undefined ? 'http' : 'https'
  return { endpoint: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`, requests }
}
