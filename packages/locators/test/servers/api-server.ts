import {
  reply,
  type SireneFault,
  type SireneRequest,
  type SireneServer,
  type SireneServerOptions,
  startSireneServer,
} from '@holdfast/testkit/sirene-server'

export interface ApiServerOptions extends Pick<SireneServerOptions, 'perDay' | 'limit'> {
  /** Requests must bear a token of `/token`. */
  readonly tokens?: { readonly expiresIn: number; readonly uses?: number }
}

/** The Sirene server of the testkit, and beside it `/page`, `/offset`, `/link`, `/etag` and `/token`. */
export class ApiServer implements AsyncDisposable {
  /** Taken one by one, by the next requests that have what they need. */
  readonly faults: (SireneFault | undefined)[] = []
  readonly tokensGiven: string[] = []
  readonly #tokens: ApiServerOptions['tokens']
  readonly #uses = new Map<string, number>()
  readonly #sirene: SireneServer

  static async start({ tokens, ...options }: ApiServerOptions = {}): Promise<ApiServer> {
    const answers: ((request: SireneRequest) => SireneFault | undefined)[] = []
    const sirene = await startSireneServer({ ...options, fault: (request) => answers[0]?.(request) })
    const server = new ApiServer(sirene, tokens)
    answers.push((request) => server.#answer(request))
    return server
  }

  private constructor(sirene: SireneServer, tokens: ApiServerOptions['tokens']) {
    this.#sirene = sirene
    this.#tokens = tokens
  }

  get origin(): string {
    return this.#sirene.origin
  }

  get received(): readonly SireneRequest[] {
    return this.#sirene.received
  }

  requestsOf(path: string): SireneRequest[] {
    return this.received.filter(({ url }) => url.pathname === path)
  }

  companies(day: string): readonly string[] {
    return this.#sirene.companies(day)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#sirene.stop()
  }

  /** `undefined`: as Sirene does. */
  #answer({ url, headers }: SireneRequest): SireneFault | undefined {
    if (url.pathname === '/token') return this.#token(headers.authorization)
    if (this.#tokens !== undefined && !this.#isToken(headers.authorization)) return reply(401, {})
    const fault = this.faults.shift()
    if (fault !== undefined) return fault
    const page = Number(url.searchParams.get('page') ?? 1)
    const offset = Number(url.searchParams.get('offset') ?? 0)
    switch (url.pathname) {
      case '/page':
        return reply(200, { items: [1, 2, 3, 4, 5].slice((page - 1) * 2, page * 2) })
      case '/offset':
        return reply(200, { total: 5, rows: [1, 2, 3, 4, 5].slice(offset, offset + 2) })
      case '/link': {
        const link = `</link?page=1>; rel="first", </link?page=${page + 1}>; rel="next"`
        return reply(200, { page }, page < 3 ? { link } : {})
      }
      case '/etag':
        return headers['if-none-match'] === '"v1"' ? reply(304) : reply(200, { value: 1 }, { etag: '"v1"' })
      default:
        return undefined
    }
  }

  #token(authorization: string | undefined): SireneFault {
    const expected = `Basic ${Buffer.from('client:s%3Acret').toString('base64')}`
    if (authorization !== expected) return reply(401, { error: 'invalid_client' })
    const token = `token-${this.tokensGiven.length + 1}`
    this.tokensGiven.push(token)
    const { expiresIn = 3600 } = this.#tokens ?? {}
    return reply(200, { access_token: token, token_type: 'Bearer', expires_in: expiresIn })
  }

  #isToken(authorization: string | undefined): boolean {
    const token = authorization?.replace('Bearer ', '') ?? ''
    if (!this.tokensGiven.includes(token)) return false
    const uses = (this.#uses.get(token) ?? 0) + 1
    this.#uses.set(token, uses)
    return uses <= (this.#tokens?.uses ?? Number.POSITIVE_INFINITY)
  }
}
