import { createRequire } from 'node:module'
import type { Logger } from '../log/logger.js'

/** What a service manager is told; without one, nobody is. The protocol is that of sd_notify(3). */
export interface ServiceManager {
  /** The service works, or works again after `reloading`. */
  ready(): void
  reloading(): void
  stopping(): void
  /** One line about what it does, as `systemctl status` shows it. */
  status(text: string): void
  /** Says from now on that the process is alive, as often as the manager wants to hear it. */
  [Symbol.dispose](): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** Takes `NOTIFY_SOCKET` and `WATCHDOG_USEC` as systemd sets them for a unit with `Type=notify`. What cannot be said is a warning, once until it works again. */
export function connectServiceManager(env: Environment, logger: Logger): ServiceManager {
  const send = env.NOTIFY_SOCKET === undefined ? undefined : openSender(env.NOTIFY_SOCKET)
  let isFailing = false
  const say = (...lines: string[]): void => {
    try {
      send?.(`${lines.join('\n')}\n`)
      if (isFailing) logger.info('The service manager can be told again')
      isFailing = false
    } catch (error) {
      // One that does not listen for a while must hear later that the process is alive, or it kills it.
      if (!isFailing)
        logger.warn(`The service manager cannot be told: ${error instanceof Error ? error.message : String(error)}`)
      isFailing = true
    }
  }
  const pingMs = watchdogMs(env)
  const pings = pingMs === undefined ? undefined : setInterval(() => say('WATCHDOG=1'), pingMs)
  pings?.unref()
  return {
    ready: () => say('READY=1'),
    reloading: () => say('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`),
    stopping: () => say('STOPPING=1'),
    status: (text) => say(`STATUS=${text.replaceAll('\n', ' ')}`),
    [Symbol.dispose]: () => clearInterval(pings),
  }
}

/** Half of what the manager allows, so that one late ping does no harm. */
function watchdogMs({ WATCHDOG_USEC: micros, WATCHDOG_PID: pid }: Environment): number | undefined {
  const allowed = Number(micros)
  if (!Number.isFinite(allowed) || allowed <= 0) return undefined
  if (pid !== undefined && Number(pid) !== process.pid) return undefined
  return Math.max(1, Math.floor(allowed / 2000))
}

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const ADDRESS_BYTES = 110

/** Node has no datagram sockets of the Unix kind; these are the three system calls that make one. */
function openSender(path: string): (message: string) => void {
  return (message) => {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi')
    const libc = koffi.load(null)
    const socket: (family: number, type: number, protocol: number) => number = libc.func('int socket(int, int, int)')
    const sendto: (fd: number, data: Buffer, size: number, flags: number, to: Buffer, toSize: number) => bigint =
      libc.func('int64_t sendto(int, const void *, size_t, int, const void *, uint32_t)')
    const close: (fd: number) => number = libc.func('int close(int)')
    const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (fd < 0) throw new Error(`no socket (error ${koffi.errno()})`)
    try {
      const data = Buffer.from(message)
      const address = addressOf(path)
      const sent = sendto(fd, data, data.length, MSG_DONTWAIT | MSG_NOSIGNAL, address, address.length)
      if (Number(sent) !== data.length) throw new Error(`'${path}' does not take it (error ${koffi.errno()})`)
    } finally {
      close(fd)
    }
  }
}

/** `struct sockaddr_un`; a name that begins with `@` is one of Linux's abstract names. */
function addressOf(path: string): Buffer {
  const name = Buffer.from(path)
  if (name.length > ADDRESS_BYTES - 3) throw new Error(`the name '${path}' is too long for a socket`)
  const family = new Uint16Array([AF_UNIX])
  const isAbstract = path.startsWith('@')
  if (isAbstract) name[0] = 0
  return Buffer.concat([new Uint8Array(family.buffer), name, Buffer.alloc(isAbstract ? 0 : 1)])
}
