import { describe, expect, test } from 'vitest'
import { CarbonClient, type CarbonClientOptions } from '../../src/metrics/carbon-client.js'
import { blackHole, refusedPort, serveLines } from '../support/metrics-servers.js'

function open(port: number, options: Partial<CarbonClientOptions> = {}) {
  const troubles: string[] = []
  const client = new CarbonClient({
    host: '127.0.0.1',
    port,
    onTrouble: (reason) => troubles.push(reason),
    ...options,
  })
  return { client, troubles }
}

const linesOf = (count: number) => Array.from({ length: count }, (_, index) => `a.b ${index} 1`)

async function closeTimed(client: CarbonClient): Promise<number> {
  const startedAt = performance.now()
  await client.close()
  return performance.now() - startedAt
}

describe('CarbonClient', () => {
  test('every line arrives once and in order, over one connection', async () => {
    const server = await serveLines()
    const { client, troubles } = open(server.port)
    const lines = linesOf(3000)
    for (const line of lines) client.send(line)
    await client.close()
    expect(server.lines).toEqual(lines)
    expect({ connections: server.connections, dropped: client.dropped, troubles }).toEqual({
      connections: 1,
      dropped: 0,
      troubles: [],
    })
  })

  test('a name is looked up', async () => {
    const server = await serveLines()
    const { client } = open(server.port, { host: 'localhost' })
    client.send('a 1 1')
    await client.close()
    expect(server.lines).toEqual(['a 1 1'])
  })

  test('a host that refuses: told once, the newest lines are kept, the close is quick', async () => {
    const { client, troubles } = open(await refusedPort(), { maxLines: 10 })
    for (const line of linesOf(1000)) client.send(line)
    expect(client.dropped).toBe(990)
    expect(await closeTimed(client)).toBeLessThan(900)
    expect(troubles).toEqual([expect.stringContaining('ECONNREFUSED')])
  })

  test('a host that comes up later gets what waited', async () => {
    const port = await refusedPort()
    const { client } = open(port, { backoffMs: 20 })
    client.send('early 1 1')
    const server = await serveLines({ port })
    await server.received(1)
    expect(server.lines).toEqual(['early 1 1'])
    await client.close()
  })

  test('a host that a connection cannot be made to nor is refused by: the close takes its second, no more', async () => {
    const { client, troubles } = open(await blackHole(), { closeTimeoutMs: 300 })
    client.send('a 1 1')
    const took = await closeTimed(client)
    expect(took).toBeGreaterThan(250)
    expect(took).toBeLessThan(1000)
    expect(troubles).toEqual(['not everything was taken within 300 ms'])
  })

  test('a connection that is not made within the deadline is given up and tried again later', async () => {
    const told = Promise.withResolvers<string>()
    const { client } = open(await blackHole(), { timeoutMs: 50, onTrouble: told.resolve })
    client.send('a 1 1')
    expect(await told.promise).toBe('no connection within 50 ms')
    await client.close()
  })

  test('a host that takes connections and reads nothing: bounded memory, given up, quick close', async () => {
    const server = await serveLines({
      onConnection: (socket) => {
        socket.pause()
        return 'ignore'
      },
    })
    const told = Promise.withResolvers<string>()
    const { client } = open(server.port, {
      timeoutMs: 100,
      closeTimeoutMs: 300,
      maxLines: 500,
      onTrouble: told.resolve,
    })
    const long = 'x'.repeat(20_000)
    // More than the buffers of a connection hold, in time for the client to write them.
    for (let count = 0; count < 2000; count += 1) {
      client.send(long)
      if (count % 200 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(client.dropped).toBeGreaterThan(0)
    expect(await told.promise).toBe('nothing was taken for 100 ms')
    expect(await closeTimed(client)).toBeLessThan(1000)
  })

  test('a host that resets the connection: the lines go over the next one', async () => {
    const server = await serveLines({
      onConnection: (socket, count) => {
        if (count > 1) return 'read'
        socket.resetAndDestroy()
        return 'ignore'
      },
    })
    const { client } = open(server.port, { backoffMs: 10 })
    client.send('first 1 1')
    // What the kernel took before the reset is lost; what is sent after it is not.
    while (server.connections < 2) {
      client.send('later 1 1')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    client.send('last 1 1')
    await client.close()
    expect(server.lines.at(-1)).toBe('last 1 1')
  })

  test('close() without lines opens no connection; close() twice is fine; send() after it does nothing', async () => {
    const server = await serveLines()
    const { client } = open(server.port)
    await client.close()
    await client.close()
    client.send('late 1 1')
    expect(server.connections).toBe(0)
  })
})
