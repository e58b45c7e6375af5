import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, and breaks the line on demand. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** Connections made so far. */
  readonly accepted: number
  /** Connections that are open. */
  readonly open: number
  /** Bytes that the server has sent through. */
  readonly received: number
  /** Ends all open connections at once, without a word. */
  cut(): void
  /** Each connection made from now on is cut after so many bytes from the server; `undefined`: no longer. */
  cutAfter(bytes: number | undefined): void
  /** Refuses the next `count` connections by closing them before the first byte. */
  refuse(count: number): void
  /** Nothing gets through, and nobody is told. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

/** Listens on a free port of 127.0.0.1 for a server on `target`. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>()
  const clients = new Set<Socket>()
  let accepted = 0
  let received = 0
  let limit: number | undefined
  let toRefuse = 0
  let frozen = false

  const server = createServer((client) => {
    accepted += 1
    if (toRefuse > 0) {
      toRefuse -= 1
      client.destroy()
      return
    }
    const upstream = connect(target, '127.0.0.1')
    let left = limit
    clients.add(client)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', end)
      socket.on('close', () => {
        sockets.delete(socket)
        clients.delete(client)
        end()
      })
      if (frozen) socket.pause()
    }
    client.on('data', (data) => upstream.write(data))
    upstream.on('data', (data) => {
      received += data.length
      if (left !== undefined && data.length >= left) {
        client.write(data.subarray(0, left), end)
        upstream.pause()
        return
      }
      if (left !== undefined) left -= data.length
      if (client.write(data)) return
      upstream.pause()
      client.once('drain', () => {
        if (!frozen) upstream.resume()
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No free port')

  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const stop = async (): Promise<void> => {
    cut()
    if (!server.listening) return
    server.close()
    await once(server, 'close')
  }
  return {
    port: address.port,
    get accepted() {
      return accepted
    },
    get open() {
      return clients.size
    },
    get received() {
      return received
    },
    cut,
    cutAfter: (bytes) => {
      limit = bytes
    },
    refuse: (count) => {
      toRefuse = count
    },
    freeze: () => {
      frozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw: () => {
      frozen = false
      for (const socket of sockets) socket.resume()
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
