import { createClient, createCluster, RESP_TYPES } from '@redis/client'
import { accessError, isAccessError, messageOf, unavailable } from './redis-error.js'
import type { RedisSettings } from './redis-settings.js'

export type RedisArguments = (string | Buffer)[]

const FIRST_RETRY_MS = 20
const LAST_RETRY_MS = 2000

/** Deadlines are ours: a timer of the client's own for each command costs more than all the rest of it. */
const TEXT = { timeout: 0 } as const
const BYTES = { timeout: 0, typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } as const

/** What single servers and clusters have in common. */
interface Client {
  send(args: RedisArguments, options: typeof TEXT | typeof BYTES): Promise<unknown>
  destroy(): void
}

interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * One connection that comes back by itself, with growing pauses. Commands are written one behind the other without waiting for answers, so any number can
 * be under way. Nothing is kept for later by the client: whoever has something to send waits for `ready`.
 */
export class RedisConnection {
  readonly #settings: RedisSettings
  #client: Client | undefined
  #isReady = false
  #isClosed = false
  #lastError: unknown
  #lastReplyMs = 0
  #waiters: Set<Waiter> = new Set()

  constructor(settings: RedisSettings) {
    this.#settings = settings
    this.#connect()
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Why there is no connection, if there is none. */
  get lastError(): unknown {
    return this.#lastError
  }

  /** Resolves when commands can be sent. Rejects at the deadline, and with KvAccessError as soon as the server refuses the credentials. */
  ready(deadlineMs: number): Promise<void> {
    if (this.#isReady) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer)
        this.#waiters.delete(waiter)
        settle()
      }
      const waiter: Waiter = { resolve: () => done(resolve), reject: (error) => done(() => reject(error)) }
      const timer = setTimeout(() => waiter.reject(this.#notConnected()), Math.max(0, deadlineMs - performance.now()))
      this.#waiters.add(waiter)
    })
  }

  /** Sends at once; rejects with the client's error. Bulk replies are text. */
  send(args: RedisArguments): Promise<unknown> {
    return this.#client?.send(args, TEXT) ?? Promise.reject(new Error('The connection is closed'))
  }

  /** Like `send`, for replies that may be any bytes. */
  sendForBytes(args: RedisArguments): Promise<unknown> {
    return this.#client?.send(args, BYTES) ?? Promise.reject(new Error('The connection is closed'))
  }

  /** An answer came. */
  heard(): void {
    this.#lastReplyMs = performance.now()
  }

  /** No answer came to something sent at `sentMs`: if the server has said nothing since, the connection may be dead without anybody telling us. */
  suspect(sentMs: number): void {
    if (this.#isClosed || this.#lastReplyMs > sentMs || !this.#isReady) return
    this.#reconnect(new Error('The server stopped answering'))
  }

  #reconnect(why: Error): void {
    this.#isReady = false
    this.#lastError = why
    this.#client?.destroy()
    this.#connect()
  }

  close(): void {
    this.#isClosed = true
    this.#isReady = false
    this.#client?.destroy()
    this.#client = undefined
    for (const waiter of this.#waiters) waiter.reject(this.#notConnected())
  }

  #connect(): void {
    const client = this.#settings.cluster ? this.#openCluster() : this.#openSingle()
    this.#client = client
  }

  #openSingle(): Client {
    const client = createClient({ ...this.#clientOptions(), database: this.#settings.db })
    const isCurrent = (): boolean => !this.#isClosed && (this.#client === undefined || this.#client === opened)
    client.on('error', (error: unknown) => {
      if (isCurrent()) this.#lost(error)
    })
    client.on('ready', () => {
      clearTimeout(greeting)
      if (isCurrent()) this.#becameReady()
    })
    // The client waits for the answers to its first words for ever, and something in between may have swallowed them.
    let greeting: NodeJS.Timeout | undefined
    client.on('connect', () => {
      clearTimeout(greeting)
      greeting = setTimeout(() => {
        if (isCurrent() && !this.#isReady)
          this.#reconnect(new Error('The server accepts connections and does not answer'))
      }, this.#settings.connectTimeoutMs)
      greeting.unref()
    })
    const opened: Client = {
      send: (args, options) => client.sendCommand(args, options),
      destroy: () => {
        clearTimeout(greeting)
        if (client.isOpen) client.destroy()
      },
    }
    client.connect().catch(() => undefined)
    return opened
  }

  #openCluster(): Client {
    const options = this.#clientOptions()
    const cluster = createCluster({ rootNodes: [options], defaults: options, RESP: 2 })
    let isDestroyed = false
    cluster.on('error', () => undefined)
    const connect = async (attempt: number): Promise<void> => {
      try {
        await cluster.connect()
        if (!isDestroyed) this.#becameReady()
      } catch (error) {
        if (isDestroyed || this.#isClosed) return
        this.#lost(error)
        setTimeout(() => connect(attempt + 1), pauseMs(attempt)).unref()
      }
    }
    connect(0)
    const key = this.#settings.tag
    return {
      send: (args, options) => cluster.sendCommand(key, false, args, options),
      destroy: () => {
        isDestroyed = true
        if (cluster.isOpen) cluster.destroy()
      },
    }
  }

  #clientOptions() {
    const { host, port, username, password, tls, connectTimeoutMs } = this.#settings
    const socket = { host, port, connectTimeout: connectTimeoutMs, reconnectStrategy: pauseMs }
    return {
      RESP: 2 as const,
      socket: tls === undefined ? socket : { ...socket, ...tlsOptions(tls) },
      disableOfflineQueue: true,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
    }
  }

  #becameReady(): void {
    this.#isReady = true
    this.#lastError = undefined
    for (const waiter of [...this.#waiters]) waiter.resolve()
  }

  #lost(error: unknown): void {
    this.#isReady = false
    this.#lastError = error
    if (!isAccessError(error)) return
    for (const waiter of [...this.#waiters]) waiter.reject(accessError(this.#settings.location, error))
  }

  #notConnected(): unknown {
    const { location } = this.#settings
    if (isAccessError(this.#lastError)) return accessError(location, this.#lastError)
    const problem = this.#lastError === undefined ? 'no connection' : messageOf(this.#lastError)
    return unavailable(location, 'disconnected', 'not-applied', problem, this.#lastError)
  }
}

/** Doubles, and differs from client to client, so that a server that comes back is not met by all at once. */
function pauseMs(attempt: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2)
}

function tlsOptions({ verify, ...names }: NonNullable<RedisSettings['tls']>) {
  return { ...names, tls: true as const, rejectUnauthorized: verify }
}
