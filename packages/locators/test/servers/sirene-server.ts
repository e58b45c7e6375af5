import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface Received {
  readonly url: URL
  readonly method: string
  readonly headers: IncomingMessage['headers']
  /** Monotonic milliseconds. */
  readonly atMs: number
}

/** Instead of the normal answer, for one request. */
export type Fault = (response: ServerResponse, request: Received) => void

export interface SireneOptions {
  /** Companies of a day. */
  readonly perDay?: (day: string) => number
  /** More matches than this are not given out without narrowing. */
  readonly limit?: number
  /** Requests must bear a token of `/token`. */
  readonly tokens?: { readonly expiresIn: number; readonly uses?: number }
}

/**
 * Behaves like INSEE's Sirene: a day is asked for with `q=dateCreation:2025-01-31`, narrowed with `AND siren:00*`; the next page with the `curseur` of
 * the header before, which repeats at the end; 404 where nothing matches. Beside it `/page`, `/offset`, `/link`, `/etag`, `/token`.
 */
export class SireneServer implements AsyncDisposable {
  readonly received: Received[] = []
  /** Taken one by one, by the next requests of `/siren`. */
  readonly faults: (Fault | undefined)[] = []
  readonly tokensGiven: string[] = []
  readonly #options: SireneOptions
  readonly #uses = new Map<string, number>()
  readonly #server = createServer((request, response) => this.#answer(request, response))

  constructor(options: SireneOptions = {}) {
    this.#options = options
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return this
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`
  }

  requestsOf(path: string): Received[] {
    return this.received.filter(({ url }) => url.pathname === path)
  }

  /** All companies of a day, in the order of the pages. */
  companies(day: string): string[] {
    const count = this.#options.perDay?.(day) ?? 5
    const compact = day.replaceAll('-', '')
    return Array.from({ length: count }, (_, n) => `${String(n).padStart(4, '0')}-${compact}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const received = { url, method: request.method ?? '', headers: request.headers, atMs: performance.now() }
    this.received.push(received)
    request.resume()
    this.#reply(received)(response, received)
  }

  #reply(received: Received): Fault {
    const { url, headers } = received
    if (url.pathname === '/token') return this.#token(received)
    if (this.#options.tokens !== undefined && !this.#isToken(headers.authorization)) return reply(401, {})
    const fault = this.faults.shift()
    if (fault !== undefined) return fault
    const page = Number(url.searchParams.get('page') ?? 1)
    const offset = Number(url.searchParams.get('offset') ?? 0)
    switch (url.pathname) {
      case '/siren':
        return this.#sirene(url)
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
        return reply(404, {})
    }
  }

  #sirene({ searchParams }: URL): Fault {
    const query = searchParams.get('q') ?? ''
    const day = /dateCreation:(\S+)/.exec(query)?.[1] ?? ''
    const prefix = /siren:(\d+)\*/.exec(query)?.[1] ?? ''
    const size = Number(searchParams.get('nombre') ?? 20)
    const cursor = searchParams.get('curseur') ?? '*'
    const all = this.companies(day).filter((siren) => siren.startsWith(prefix))
    if (all.length === 0) return reply(404, { header: { statut: 404, message: 'Aucun élément trouvé' } })
    const start = cursor === '*' ? 0 : Number(Buffer.from(cursor, 'base64url').toString())
    const shown = this.#options.limit !== undefined && all.length > this.#options.limit ? all.slice(0, size) : all
    const rows = shown.slice(start, start + size)
    const end = start + rows.length
    const following = end >= shown.length ? cursor : Buffer.from(String(end)).toString('base64url')
    const counts = { total: all.length, debut: start, nombre: rows.length }
    return reply(200, {
      header: { statut: 200, message: 'OK', ...counts, curseur: cursor, curseurSuivant: following },
      unitesLegales: rows.map((siren) => ({ siren })),
    })
  }

  #token({ headers }: Received): Fault {
    const expected = `Basic ${Buffer.from('client:s%3Acret').toString('base64')}`
    if (headers.authorization !== expected) return reply(401, { error: 'invalid_client' })
    const token = `token-${this.tokensGiven.length + 1}`
    this.tokensGiven.push(token)
    return reply(200, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: this.#options.tokens?.expiresIn ?? 3600,
    })
  }

  #isToken(authorization: string | undefined): boolean {
    const token = authorization?.replace('Bearer ', '') ?? ''
    if (!this.tokensGiven.includes(token)) return false
    const uses = (this.#uses.get(token) ?? 0) + 1
    this.#uses.set(token, uses)
    return uses <= (this.#options.tokens?.uses ?? Number.POSITIVE_INFINITY)
  }
}

export function reply(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): Fault {
  return (response) => {
    const text = body === undefined ? '' : JSON.stringify(body)
    const own = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
    response.writeHead(status, status === 304 ? headers : { ...own, ...headers })
    response.end(status === 304 ? undefined : text)
  }
}

export const faults = {
  status: (status: number, headers: Record<string, string> = {}): Fault => reply(status, { problem: status }, headers),
  /** Says more than it sends. */
  cut: (): Fault => (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('{"header":')
    ;(response.socket as Socket).end()
  },
  /** Chunks whose end never comes. */
  cutChunks: (): Fault => (response) => {
    response.writeHead(200)
    response.write('{"header":', () => response.socket?.destroy())
  },
  /** The head and the beginning, then nothing. */
  stall: (): Fault => (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('{"header":')
  },
  silence: (): Fault => () => undefined,
  html: (): Fault => (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<h1>Maintenance</h1>')
  },
}
