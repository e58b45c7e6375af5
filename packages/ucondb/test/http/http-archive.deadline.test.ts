/** A server that stops answering, at any place, holds a caller no longer than the deadline and never keeps a connection. */
import { createServer, type Socket } from 'node:net'
import { type OpenArchiveOptions, openArchive, type RunArchive } from '@holdfast/ucondb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { FakeUconDbServer, PASSWORD } from '../support/fake-ucondb-server.js'

const BODY = Buffer.from('Start of Record\n')

async function open(serverUrl: string, options: Partial<OpenArchiveOptions> = {}): Promise<RunArchive> {
  const names = { folderName: 'runs', objectName: 'configuration' }
  const archive = await openArchive({ serverUrl, ...names, writer: { user: 'writer', password: PASSWORD }, ...options })
  onTestFinished(() => archive.close())
  return archive
}

interface SilentServer {
  readonly port: number
  readonly sockets: readonly Socket[]
}

/** Takes connections and says nothing. */
async function startSilentServer(onSocket: (socket: Socket) => void): Promise<SilentServer> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket)
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return { port: address.port, sockets }
}

describe('deadlines', () => {
  test.each([
    ['before it answers', 'http', (socket: Socket) => socket.resume()],
    ['while it takes the body', 'http', (socket: Socket) => socket.pause()],
    ['in the middle of the headers', 'http', (socket: Socket) => socket.resume().write('HTTP/1.1 200 OK\r\nContent-')],
    ['in the middle of the TLS handshake', 'https', (socket: Socket) => socket.resume()],
  ])('a server that stalls %s is left at the deadline, and every socket is destroyed', async (_, scheme, onSocket) => {
    const { port, sockets } = await startSilentServer(onSocket)
    const archive = await open(`${scheme}://127.0.0.1:${port}`, { timeoutMs: 100 })
    const begun = performance.now()
    await expect(archive.put('7', Buffer.alloc(20_000_000, 1))).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      message: expect.stringContaining('within 100 ms'),
    })
    // Four attempts and the pauses between them; the library alone waits ten seconds for a handshake.
    expect(performance.now() - begun).toBeLessThan(8_000)
    for (const socket of sockets) socket.resume()
    await expect.poll(() => sockets.map((socket) => socket.destroyed)).toEqual([true, true, true, true])
  })

  test('a signal ends a call at once, also during the TLS handshake', async () => {
    const controller = new AbortController()
    const { port } = await startSilentServer(() => controller.abort(new Error('stop')))
    const archive = await open(`https://127.0.0.1:${port}`, { timeoutMs: 15_000 })
    await expect(archive.get('7', { signal: controller.signal })).rejects.toThrow('stop')
  }, 5_000)

  test('a signal ends a put that waits for its turn without waiting for the one before', async () => {
    const server = await FakeUconDbServer.start({ authentication: 'none' })
    onTestFinished(() => server[Symbol.asyncDispose]())
    const archive = await open(server.url, { timeoutMs: 15_000 })
    const [first, second] = [new AbortController(), new AbortController()]
    server.fail('stall', 'put')
    const stalled = archive.put('7', BODY, { signal: first.signal })
    const waiting = archive.put('8', BODY, { signal: second.signal })
    second.abort(new Error('not any more'))
    await expect(waiting).rejects.toThrow('not any more')
    await expect.poll(() => server.isBusyWithPut()).toBe(true)
    first.abort(new Error('nor this'))
    await expect(stalled).rejects.toThrow('nor this')
    expect(await archive.put('9', BODY)).toMatchObject({ outcome: 'stored' })
    expect(server.keys()).toEqual(['9'])
  }, 5_000)

  test.each([1_000.999_999, 2 ** 31, 1e15])('a deadline of %d ms works', async (timeoutMs) => {
    const server = await FakeUconDbServer.start()
    onTestFinished(() => server[Symbol.asyncDispose]())
    const archive = await open(server.url, { timeoutMs })
    expect(await archive.put('7', BODY)).toMatchObject({ outcome: 'stored' })
    expect(await archive.listRuns()).toEqual([7])
  })
})
