import { Agent, request } from 'undici'

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

/** One server. Every answer of UconDB closes its connection, so none is kept. */
export class HttpTransport {
  readonly #origin: string
  readonly #agent: Agent

  constructor(origin: string, tls: TlsOptions) {
    this.#origin = origin
    this.#agent = new Agent({
      pipelining: 0,
      // The deadline of each exchange covers these, too.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { rejectUnauthorized: tls.verify, ...(tls.ca === undefined ? {} : { ca: tls.ca }) },
    })
  }

  /**
   * @throws TransportError; the signal's reason when it is aborted.
   */
  async exchange({ method, target, body, headers = {}, deadlineMs, signal }: HttpRequest): Promise<HttpAnswer> {
    const deadline = AbortSignal.timeout(deadlineMs)
    try {
      const answer = await request(this.#origin + target, {
        method,
        headers: {
          accept: '*/*',
          'user-agent': 'holdfast-ucondb',
          ...headers,
          ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
        },
        body: body ?? null,
        dispatcher: this.#agent,
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
        reset: true,
      })
      const bytes = new Uint8Array(await answer.body.arrayBuffer())
      return { status: answer.statusCode, headers: answer.headers, body: bytes }
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      if (deadline.aborted) throw new TransportError(`no complete answer within ${deadlineMs} ms`, 'ETIMEDOUT')
      throw describeFailure(error)
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
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
