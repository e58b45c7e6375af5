import { connect, type Socket } from 'node:net'
import { createBoundedLookup } from './bounded-lookup.js'

export interface CarbonClientOptions {
  readonly host: string
  readonly port: number
  /** Lines that wait at most; the oldest make room for the newest. @default 10 000 */
  readonly maxLines?: number
  /** For a connection to be made, and for one that takes nothing more to take something. @default 2 s */
  readonly timeoutMs?: number
  /** After the first failed connection; each further one doubles it, up to a minute. @default 1 s */
  readonly backoffMs?: number
  /** For the last lines, at the end. @default 1 s */
  readonly closeTimeoutMs?: number
  /** Told once. */
  readonly onTrouble: (reason: string) => void
}

const MAX_BACKOFF_MS = 60_000
/** Lines given to the connection before it must have taken them. */
const CHUNK_LINES = 200

/**
 * Lines for a Carbon server over TCP, sent in the background. Whatever the server does, `send` returns at once, memory is bounded, and neither
 * the connection nor a timer keeps the process alive. A line counts as sent when the kernel has taken it: lines that a connection loses after
 * that are lost, and of a chunk that was taken in part all lines are sent again.
 */
export class CarbonClient {
  readonly #options: Required<CarbonClientOptions>
  readonly #lookup = createBoundedLookup()
  #waiting: string[] = []
  #socket: Socket | undefined
  #isConnected = false
  #isWriting = false
  #isClosing = false
  #isTroubled = false
  #failures = 0
  #retry: NodeJS.Timeout | undefined
  #onIdle: () => void = () => undefined
  /** Lines that were given up, for the buffer was full. */
  dropped = 0

  constructor(options: CarbonClientOptions) {
    this.#options = { maxLines: 10_000, timeoutMs: 2_000, backoffMs: 1_000, closeTimeoutMs: 1_000, ...options }
  }

  send(line: string): void {
    if (this.#isClosing) return
    this.#waiting.push(line)
    this.#dropOldest()
    if (this.#retry === undefined) this.#pump()
  }

  /** Tries once more, waits for the kernel and the server to take the rest, or until its time is over. */
  async close(): Promise<void> {
    if (this.#isClosing) return
    this.#isClosing = true
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#waiting.length > 0 || this.#socket !== undefined) {
      const { promise: isOver, resolve: over } = Promise.withResolvers<void>()
      const timer = setTimeout(() => {
        this.#complain(`not everything was taken within ${this.#options.closeTimeoutMs} ms`)
        over()
      }, this.#options.closeTimeoutMs)
      this.#onIdle = over
      this.#pump()
      await isOver
      clearTimeout(timer)
    }
    this.#socket?.destroy()
  }

  #pump(): void {
    const socket = this.#socket ?? this.#connect()
    if (!this.#isConnected || this.#isWriting) return
    const chunk = this.#waiting.splice(0, CHUNK_LINES)
    if (chunk.length === 0) {
      if (this.#isClosing) socket.end()
      return
    }
    this.#isWriting = true
    const { timeoutMs } = this.#options
    const deadline = setTimeout(() => socket.destroy(new Error(`nothing was taken for ${timeoutMs} ms`)), timeoutMs)
    deadline.unref()
    socket.write(`${chunk.join('\n')}\n`, (error) => {
      clearTimeout(deadline)
      if (error !== undefined && error !== null) {
        this.#waiting.unshift(...chunk)
        this.#dropOldest()
      } else if (this.#socket === socket) {
        this.#isWriting = false
        this.#pump()
      }
    })
  }

  #dropOldest(): void {
    const excess = this.#waiting.length - this.#options.maxLines
    if (excess > 0) this.dropped += this.#waiting.splice(0, excess).length
  }

  #connect(): Socket {
    const { host, port, timeoutMs } = this.#options
    const socket = connect({ host, port, lookup: this.#lookup })
    let reason = 'the connection was closed'
    this.#socket = socket
    socket.unref()
    // What a server of this kind says is of no interest; unread, it would keep the end from being seen.
    socket.resume()
    socket.setNoDelay(true)
    const deadline = setTimeout(() => socket.destroy(new Error(`no connection within ${timeoutMs} ms`)), timeoutMs)
    deadline.unref()
    socket.once('connect', () => {
      clearTimeout(deadline)
      this.#isConnected = true
      this.#pump()
    })
    socket.on('error', (error) => {
      reason = error.message
    })
    socket.once('close', () => {
      clearTimeout(deadline)
      if (this.#socket === socket) this.#disconnected(reason)
    })
    return socket
  }

  #disconnected(reason: string): void {
    const wasUseful = this.#isConnected
    this.#socket = undefined
    this.#isConnected = false
    this.#isWriting = false
    if (this.#isClosing) {
      if (this.#waiting.length > 0) this.#complain(reason)
      this.#onIdle()
      return
    }
    this.#failures = wasUseful ? 1 : this.#failures + 1
    // A server may close a connection on which nothing is to be said.
    if (!wasUseful || this.#waiting.length > 0) this.#complain(reason)
    const delayMs = Math.min(this.#options.backoffMs * 2 ** (this.#failures - 1), MAX_BACKOFF_MS)
    this.#retry = setTimeout(() => {
      this.#retry = undefined
      if (this.#waiting.length > 0) this.#pump()
    }, delayMs)
    this.#retry.unref()
  }

  #complain(reason: string): void {
    if (!this.#isTroubled) this.#options.onTrouble(reason)
    this.#isTroubled = true
  }
}
