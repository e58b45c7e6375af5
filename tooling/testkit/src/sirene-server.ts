import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SireneRequest {
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  /** 1 for the first the server got. */
  readonly number: number
  /** Monotonic milliseconds. */
  readonly atMs: number
}

/** Takes the place of the ordinary answer. */
export type SireneFault = (response: ServerResponse, request: SireneRequest) => void

export interface SireneServerOptions {
  /** Companies that were changed on a day. @default 5 */
  readonly perDay?: (day: string) => number
  /** Without it in `X-INSEE-Api-Key-Integration` the answer is 401. @default any request is answered */
  readonly apiKey?: string
  /** Of each answer. @default 0 */
  readonly delayMs?: number
  /** Asked about each request that has the key. */
  readonly fault?: (request: SireneRequest) => SireneFault | undefined
  /** Told of each page right before it is sent. */
  readonly onPage?: (url: URL, body: Buffer) => void
  /** @default a free one */
  readonly port?: number
}

export interface SireneServer extends AsyncDisposable {
  readonly origin: string
  readonly received: readonly SireneRequest[]
  /** The numbers of all companies of a day, in the order in which they are given. */
  companies(day: string): readonly string[]
  stop(): Promise<void>
}

/**
 * Behaves like `/siren` of INSEE's Sirene 3.11, with made-up companies: `q` names a day, `nombre` the rows of a page, `curseur` begins as `*` and goes on with
 * `header.curseurSuivant`, which at the end is the one that was sent; a day without companies is a 404.
 */
export async function startSireneServer(options: SireneServerOptions = {}): Promise<SireneServer> {
  const server = new HttpSirene(options)
  await server.listen(options.port ?? 0)
  return server
}

export const sireneFaults = {
  /** @example status(429, { 'retry-after': '1' }) */
  status:
    (status: number, headers: Readonly<Record<string, string>> = {}): SireneFault =>
    (response) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(JSON.stringify({ header: { statut: status, message: 'made up' } }))
    },
  /** Announces more than it sends. */
  cut: (): SireneFault => (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 })
    response.write('{"header":{"statut":200', () => response.socket?.destroy())
  },
  /** The head and the beginning, and nothing more. */
  stalled: (): SireneFault => (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 5000 })
    response.write('{"header":')
  },
  /** Says the key that it was sent, as a careless server may. */
  echo:
    (): SireneFault =>
    (response, { headers }) => {
      response.writeHead(302, { location: `https://elsewhere.example/?key=${headers['x-insee-api-key-integration']}` })
      response.end()
    },
} as const

class HttpSirene implements SireneServer {
  readonly received: SireneRequest[] = []
  readonly #options: SireneServerOptions
  readonly #server: Server = createServer((request, response) => this.#answer(request, response))

  constructor(options: SireneServerOptions) {
    this.#options = options
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  companies(day: string): string[] {
    const dayNumber = Math.round(Date.parse(`${day}T00:00:00Z`) / 86_400_000)
    const count = this.#options.perDay?.(day) ?? 5
    return Array.from({ length: count }, (_, n) => String((dayNumber % 10_000) * 100_000 + n).padStart(9, '0'))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const received = { url, headers: request.headers, number: this.received.length + 1, atMs: performance.now() }
    this.received.push(received)
    const { apiKey, delayMs = 0, fault } = this.#options
    const mayAsk = apiKey === undefined || request.headers['x-insee-api-key-integration'] === apiKey
    const wrong = mayAsk ? fault?.(received) : undefined
    if (!mayAsk) send(response, 401, {})
    else if (wrong !== undefined) wrong(response, received)
    else if (url.pathname !== '/siren') send(response, 404, {})
    else setTimeout(() => this.#page(url, response), delayMs)
  }

  #page(url: URL, response: ServerResponse): void {
    const { searchParams } = url
    const day = /\d{4}-\d{2}-\d{2}/.exec(searchParams.get('q') ?? '')?.[0] ?? ''
    const size = Math.min(1000, Number(searchParams.get('nombre') ?? 20))
    const cursor = searchParams.get('curseur') ?? '*'
    const all = this.companies(day)
    if (all.length === 0) {
      send(response, 404, { header: { statut: 404, message: 'Aucun élément trouvé' } })
      return
    }
    const start = cursor === '*' ? 0 : Number(Buffer.from(cursor, 'base64url').toString())
    const rows = all.slice(start, start + size)
    const end = start + rows.length
    const following = end >= all.length ? cursor : Buffer.from(String(end)).toString('base64url')
    const page = {
      header: {
        statut: 200,
        message: 'OK',
        total: all.length,
        debut: start,
        nombre: rows.length,
        curseur: cursor,
        curseurSuivant: following,
      },
      unitesLegales: rows.map((siren) => ({
        siren,
        dateDernierTraitementUniteLegale: `${day}T08:00:00`,
        periodesUniteLegale: [{ denominationUniteLegale: `SOCIETE ${siren}`, etatAdministratifUniteLegale: 'A' }],
      })),
    }
    send(response, 200, page, (body) => this.#options.onPage?.(url, body))
  }
}

function send(response: ServerResponse, status: number, content: unknown, tell?: (body: Buffer) => void): void {
  const body = Buffer.from(JSON.stringify(content))
  tell?.(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}
