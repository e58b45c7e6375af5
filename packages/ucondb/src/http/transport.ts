import { Socket } from 'node:net'
import { buildConnector, Client } from 'undici'

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  /** Path and query. */
  readonly target: string
  readonly body?: Uint8Array | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** For the whole exchange, from connecting to the last byte; then the socket is destroyed. */
  readonly deadlineMs: number
  readonly signal?: AbortSignal | undefined
}

export interface TlsOptions {
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string
  readonly verify: boolean
}

/** No usable answer came: refused, cut, not HTTP, or too late. Whether the server acted on the request is not known. */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly code: string

  constructor(message: string, code: string) {
    super(message)
    this.code = code
  }
}

// What a timer can hold.
const MAX_DEADLINE_MS = 2 ** 31 - 1

/** One server. Every answer of UconDB closes its connection, so each exchange has a connection of its own, and with the exchange it ends. */
export class HttpTransport {
  readonly #origin: string
  readonly #connect: buildConnector.connector

  constructor(origin: string, tls: TlsOptions) {
    this.#origin = origin
    this.#connect = buildConnector({
      // HTTP/1.1 has a length for every body that is sent; what a front end makes of HTTP/2 for the server behind it could be chunks.
      allowH2: false,
      // The deadline of each exchange covers connecting, too.
      timeout: 0,
      rejectUnauthorized: tls.verify,
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    })
  }

  /**
   * @throws TransportError; the signal's reason when it is aborted. In both cases the socket is destroyed.
   */
  async exchange({ method, target, body, headers = {}, deadlineMs, signal }: HttpRequest): Promise<HttpAnswer> {
    const deadline = AbortSignal.timeout(Math.min(Math.ceil(deadlineMs), MAX_DEADLINE_MS))
    const ending = signal === undefined ? deadline : AbortSignal.any([deadline, signal])
    const connection = new Connection(this.#origin, this.#connect)
    try {
      return await beforeEnding(ending, async () => {
        const answer = await connection.client.request({
          path: target,
          method,
          headers: {
            accept: '*/*',
            'user-agent': 'holdfast-ucondb',
            ...headers,
            ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
          },
          body: body ?? null,
          reset: true,
        })
        const bytes = new Uint8Array(await answer.body.arrayBuffer())
        return { status: answer.statusCode, headers: answer.headers, body: bytes }
      })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (deadline.aborted) throw new TransportError(`no complete answer within ${deadlineMs} ms`, 'ETIMEDOUT')
      throw describeFailure(error)
    } finally {
      connection.destroy()
    }
  }
}

/** Can be destroyed at any time. The library's own way leaves a socket alone that is still connecting, or shaking hands for TLS. */
class Connection {
  readonly client: Client
  #socket: Socket | undefined

  constructor(origin: string, connect: buildConnector.connector) {
    this.client = new Client(origin, {
      pipelining: 0,
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (options: buildConnector.Options, callback: buildConnector.Callback) => {
        const socket: unknown = connect(options, callback)
        if (socket instanceof Socket) this.#socket = socket
      },
    })
  }

  destroy(): void {
    this.#socket?.destroy(new Error('The exchange has ended'))
    this.client.destroy().catch(() => undefined)
  }
}

/** The work's outcome, or the signal's reason as soon as it is aborted. */
async function beforeEnding<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    signal.throwIfAborted()
    return await Promise.race([work(), ended])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Keeps the reason and drops the rest: the library's errors may carry sockets and what was sent. */
function describeFailure(error: unknown): TransportError {
  const reasons: string[] = []
  let code = 'ERR_HTTP'
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') code = at.code
    if (at instanceof AggregateError) reasons.push(...at.errors.map(String))
    else if (at.message !== '') reasons.push(at.message)
  }
  return new TransportError([...new Set(reasons)].join(': ') || code, code)
}
