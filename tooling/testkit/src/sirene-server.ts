import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface SireneRequest {
  readonly url: URL
  readonly method: string
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
  /** More matches than this are not given out without narrowing. @default all are */
  readonly limit?: number
  /** Without it in `X-INSEE-Api-Key-Integration` the answer is 401. @default any request is answered */
  readonly apiKey?: string
  /** Of each answer. @default 0 */
  readonly delayMs?: number
  /** Asked about each request that has the key, for whatever path. */
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
 * Behaves like `/siren` of INSEE's Sirene 3.11, with made-up companies: `q` names a day, and a prefix as in `siren:00*`; `nombre` the rows of a page; `curseur`
 * begins as `*` and goes on with `header.curseurSuivant`, which at the end is the one that was sent; where nothing matches the answer is 404.
 */
export async function startSireneServer(options: SireneServerOptions = {}): Promise<SireneServer> {
  const server = new HttpSirene(options)
  await server.listen(options.port ?? 0)
  return server
}

/** An answer in JSON. */
export function reply(status: number, content?: unknown, headers: Readonly<Record<string, string>> = {}): SireneFault {
  return (response) => {
    const body = Buffer.from(content === undefined ? '' : JSON.stringify(content))
    const own = { 'content-type': 'application/json', 'content-length': String(body.length) }
    response.writeHead(status, status === 304 ? headers : { ...own, ...headers })
    response.end(status === 304 ? undefined : body)
  }
}

export const sireneFaults = {
  /** @example status(429, { 'retry-after': '1' }) */
  status: (status: number, headers: Readonly<Record<string, string>> = {}): SireneFault =>
    reply(status, { header: { statut: status, message: 'made up' } }, headers),
  /** Announces more than it sends. */
  cut: (): SireneFault => (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
    response.write('{"header":')
    response.socket?.end()
  },
  /** Chunks whose end never comes. */
  cutChunks: (): SireneFault => (response) => {
    response.writeHead(200)
    response.write('{"header":', () => response.socket?.destroy())
  },
  /** The head and the beginning, and nothing more. */
  stalled: (): SireneFault => (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 })
    response.write('{"header":')
  },
  /** No answer at all. */
  silent: (): SireneFault => () => undefined,
  /** Not what was asked for. */
  html: (): SireneFault => (response) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<h1>Maintenance</h1>')
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
    const tail = String(dayNumber % 100_000).padStart(5, '0')
    return Array.from({ length: count }, (_, n) => String(n).padStart(4, '0') + tail)
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
    const received = {
      url,
      method: request.method ?? '',
      headers: request.headers,
      number: this.received.length + 1,
      atMs: performance.now(),
    }
    this.received.push(received)
    const { apiKey, delayMs = 0, fault } = this.#options
    const mayAsk = apiKey === undefined || request.headers['x-insee-api-key-integration'] === apiKey
    const answer = mayAsk ? fault?.(received) : reply(401, {})
    if (answer !== undefined) answer(response, received)
    else if (url.pathname !== '/siren') reply(404, {})(response, received)
    else if (delayMs === 0) this.#page(url)(response, received)
    else setTimeout(() => this.#page(url)(response, received), delayMs)
  }

  #page(url: URL): SireneFault {
    const { searchParams } = url
    const { limit = Number.POSITIVE_INFINITY, onPage } = this.#options
    const query = searchParams.get('q') ?? ''
    const day = /\d{4}-\d{2}-\d{2}/.exec(query)?.[0] ?? ''
    const prefix = /siren:(\d+)\*/.exec(query)?.[1] ?? ''
    const size = Math.min(1000, Number(searchParams.get('nombre') ?? 20))
    const cursor = searchParams.get('curseur') ?? '*'
    const all = this.companies(day).filter((siren) => siren.startsWith(prefix))
    if (all.length === 0) return reply(404, { header: { statut: 404, message: 'Aucun élément trouvé' } })
    const start = cursor === '*' ? 0 : Number(Buffer.from(cursor, 'base64url').toString())
    const shown = all.length > limit ? all.slice(0, size) : all
    const rows = shown.slice(start, start + size)
    const end = start + rows.length
    const following = end >= shown.length ? cursor : Buffer.from(String(end)).toString('base64url')
    const counts = { total: all.length, debut: start, nombre: rows.length }
    const page = {
      header: { statut: 200, message: 'OK', ...counts, curseur: cursor, curseurSuivant: following },
      unitesLegales: rows.map((siren) => ({
        siren,
        dateDernierTraitementUniteLegale: `${day}T08:00:00`,
        periodesUniteLegale: [{ denominationUniteLegale: `SOCIETE ${siren}`, etatAdministratifUniteLegale: 'A' }],
      })),
    }
    onPage?.(url, Buffer.from(JSON.stringify(page)))
    return reply(200, page)
  }
}
