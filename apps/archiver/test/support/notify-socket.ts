import { createRequire } from 'node:module'
import { setTimeout as pause } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const MSG_DONTWAIT = 0x40

export interface NotifySocket {
  /** For `NOTIFY_SOCKET`. */
  readonly path: string
  /** All that has come, one assignment each. */
  readonly received: readonly string[]
  /** Resolves when a line begins so; the test's deadline ends the waiting. */
  saw(beginning: string, times?: number): Promise<void>
}

/** A datagram socket as a service manager listens on; a name that begins with `@` is an abstract one. */
export function listenAsServiceManager(path: string): NotifySocket {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
  const libc = koffi.load(null)
  const fd: number = libc.func('int socket(int, int, int)')(AF_UNIX, SOCK_DGRAM, 0)
  const name = Buffer.from(path.replace('@', '\0'))
  const address = Buffer.concat([new Uint8Array(new Uint16Array([AF_UNIX]).buffer), name])
  if (libc.func('int bind(int, const void *, uint32_t)')(fd, address, address.length) !== 0)
    throw new Error(`Cannot listen on '${path}'`)
  const receive = libc.func('int64_t recv(int, _Out_ void *, size_t, int)')
  const received: string[] = []
  const drain = (): void => {
    const buffer = Buffer.alloc(4096)
    for (;;) {
      const size = Number(receive(fd, buffer, buffer.length, MSG_DONTWAIT))
      if (size <= 0) return
      received.push(...buffer.toString('utf8', 0, size).split('\n').filter(Boolean))
    }
  }
  let isOpen = true
  onTestFinished(() => {
    isOpen = false
    libc.func('int close(int)')(fd)
  })
  return {
    path,
    received,
    saw: async (beginning, times = 1) => {
      for (;;) {
        drain()
        if (received.filter((line) => line.startsWith(beginning)).length >= times) return
        if (!isOpen) throw new Error(`Nobody said '${beginning}', only ${received.join(', ')}`)
        await pause(10)
      }
    },
  }
}
