import { setTimeout as sleep } from 'node:timers/promises'
import { SftpConnection } from './connection.js'
import { checkConnectionOptions, type SftpConnectionOptions, type SftpSettings } from './connection-options.js'
import { SftpConnectionError } from './sftp-errors.js'

export interface SftpPoolDeps {
  /** 0 up to 1. @default Math.random */
  readonly random?: () => number
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
}

export interface PoolUse {
  /** Do the work again, with another connection, when the one it had broke; for work that only reads. @default false */
  readonly repeatable?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * A few connections to one server, opened when they are needed and kept until `close`. Only one login is under way at a time, and after one that failed
 * the next waits, whoever asks for it, since servers that limit logins punish haste. A connection that broke is never given out again.
 *
 * @example
 * await using pool = createSftpPool({ host: 'sftp.example', username: 'public', password, hostKeys: ['SHA256:…'] })
 * const entries = await pool.use((connection) => connection.list('doc/cor'))
 */
export class SftpPool {
  readonly host: string
  readonly #settings: SftpSettings
  readonly #random: () => number
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly #idle: SftpConnection[] = []
  readonly #inUse = new Set<SftpConnection>()
  readonly #waiting: (() => void)[] = []
  readonly #closing = new AbortController()
  #places: number
  #login: Promise<unknown> = Promise.resolve()
  /** Logins that failed since the last one that did not. */
  #failures = 0

  constructor(options: SftpConnectionOptions, deps: SftpPoolDeps = {}) {
    this.#settings = checkConnectionOptions(options)
    this.host = this.#settings.host
    this.#places = this.#settings.maxConnections
    this.#random = deps.random ?? Math.random
    this.#sleep = deps.sleep ?? ((ms, signal) => sleep(ms, undefined, { signal }))
  }

  /**
   * Runs `work` with a connection that nobody else has meanwhile; waits while all are taken.
   *
   * @throws SftpHostKeyError, SftpAuthError at once; SftpConnectionError after the last attempt to connect; what `work` throws
   */
  async use<T>(work: (connection: SftpConnection) => Promise<T>, options: PoolUse = {}): Promise<T> {
    const { signal, repeatable = false } = options
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#useOnce(work, signal)
      } catch (error) {
        const isBroken = error instanceof SftpConnectionError && error.reason !== 'unreachable'
        if (!repeatable || !isBroken || attempt >= this.#settings.connectAttempts) throw error
        this.#check(signal)
      }
    }
  }

  /** Ends all connections; what is under way fails. */
  async close(): Promise<void> {
    this.#closing.abort(new Error(`The connections to '${this.host}' were closed`))
    for (const connection of [...this.#idle.splice(0), ...this.#inUse]) connection.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #useOnce<T>(work: (connection: SftpConnection) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#takePlace(signal)
    try {
      const connection = await this.#connection(signal)
      this.#inUse.add(connection)
      try {
        return await work(connection)
      } finally {
        this.#inUse.delete(connection)
        if (connection.isOpen) this.#idle.push(connection)
      }
    } finally {
      this.#givePlace()
    }
  }

  /** The place of who leaves goes to who has waited longest, without being free in between. */
  async #takePlace(signal: AbortSignal | undefined): Promise<void> {
    this.#check(signal)
    if (this.#places > 0) {
      this.#places -= 1
      return
    }
    const either = this.#eitherSignal(signal)
    await new Promise<void>((resolve, reject) => {
      const take = (): void => {
        either.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1)
        reject(either.reason)
      }
      this.#waiting.push(take)
      either.addEventListener('abort', leave, { once: true })
    })
  }

  #givePlace(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#places += 1
    else next()
  }

  #eitherSignal(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
  }

  #check(signal: AbortSignal | undefined): void {
    signal?.throwIfAborted()
    this.#closing.signal.throwIfAborted()
  }

  async #connection(signal: AbortSignal | undefined): Promise<SftpConnection> {
    this.#check(signal)
    for (;;) {
      const idle = this.#idle.pop()
      if (idle === undefined) break
      if (idle.isOpen) return idle
    }
    const turn = this.#login.then(() => this.#connect(signal))
    this.#login = turn.catch(() => undefined)
    const connection = await turn
    if (this.#closing.signal.aborted) {
      connection.close()
      this.#check(undefined)
    }
    return connection
  }

  async #connect(signal: AbortSignal | undefined): Promise<SftpConnection> {
    const either = this.#eitherSignal(signal)
    for (let attempt = 1; ; attempt += 1) {
      if (this.#failures > 0) await this.#sleep(this.#delayMs(), either)
      try {
        const connection = await SftpConnection.open(this.#settings, either)
        this.#failures = 0
        return connection
      } catch (error) {
        if (!either.aborted) this.#failures += 1
        if (!(error instanceof SftpConnectionError) || attempt >= this.#settings.connectAttempts) throw error
      }
    }
  }

  #delayMs(): number {
    const { reconnectDelayMs, maxReconnectDelayMs } = this.#settings
    // Above 2^20 every base is past every sensible limit.
    const whole = Math.min(maxReconnectDelayMs, reconnectDelayMs * 2 ** Math.min(this.#failures - 1, 20))
    return Math.ceil(whole * (0.5 + this.#random() / 2))
  }
}

/** @throws TypeError or RangeError for settings that cannot be meant */
export function createSftpPool(options: SftpConnectionOptions, deps?: SftpPoolDeps): SftpPool {
  return new SftpPool(options, deps)
}
