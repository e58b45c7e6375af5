import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { KvStore } from '@holdfast/kv-persistence'
import { type ConfigPlace, type FetcherConfig, loadConfig } from '../config/load-config.js'
import { ServeError } from '../errors.js'
import { openState, stateOptions } from '../run/open-state.js'
import { trackerOf } from '../run/statistics.js'
import { type FetcherStatus, lookAt } from './look-at.js'
import { renderMetrics } from './metrics.js'

export interface ServerOptions {
  readonly names: readonly string[]
  readonly place: ConfigPlace
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

export interface StatusServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * `/health`: this process answers. `/ready`: all configurations and their states can be read, else 503 with the reason. `/status`: JSON of all fetchers.
 * `/metrics`: for Prometheus. What runs are doing comes from the store they share, whichever process they are.
 *
 * @throws ServeError
 */
export async function startServer(options: ServerOptions): Promise<StatusServer> {
  const states = new States(options.place)
  const startedAt = new Date().toISOString()
  const server = createServer((request, response) => {
    request.resume()
    answer(request, options.names, states, startedAt).then(
      (reply) => send(response, reply),
      (error: unknown) =>
        send(response, { status: 503, json: { status: 'unavailable', problems: [messageOf(error)] } }),
    )
  })
  server.listen(options.port, options.host)
  await once(server, 'listening').catch((cause: unknown) => {
    throw new ServeError(options.host, options.port, cause)
  })
  const { port, address, family } = server.address() as AddressInfo
  const host = family === 'IPv6' ? `[${address}]` : address
  return {
    url: `http://${host}:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await states.close()
    },
  }
}

type Reply =
  | { readonly status: number; readonly json: unknown; readonly headers?: Readonly<Record<string, string>> }
  | { readonly status: number; readonly text: string }

async function answer(
  request: IncomingMessage,
  names: readonly string[],
  states: States,
  startedAt: string,
): Promise<Reply> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { status: 405, json: { error: 'GET only' }, headers: { allow: 'GET, HEAD' } }
  }
  switch (new URL(request.url ?? '/', 'http://localhost').pathname) {
    case '/health':
      return { status: 200, json: { status: 'ok', startedAt } }
    case '/ready': {
      const { problems } = await states.lookAtAll(names)
      return problems.length === 0
        ? { status: 200, json: { status: 'ready' } }
        : { status: 503, json: { status: 'unavailable', problems } }
    }
    case '/status': {
      const { found, problems } = await states.lookAtAll(names)
      return { status: 200, json: { fetchers: found.map(({ status }) => status), problems } }
    }
    case '/metrics': {
      const { found, problems } = await states.lookAtAll(names)
      const trackers = await Promise.all(
        found.map(({ status, store }) => (store === undefined ? '' : trackerOf(store, status.name).toPrometheus())),
      )
      return {
        status: 200,
        text: renderMetrics(
          found.map(({ status }) => status),
          trackers,
          problems.length,
        ),
      }
    }
    default:
      return { status: 404, json: { error: 'There are /health, /ready, /status and /metrics' } }
  }
}

function send(response: ServerResponse, reply: Reply): void {
  const [type, body] =
    'text' in reply
      ? ['text/plain; version=0.0.4; charset=utf-8', reply.text]
      : ['application/json', `${JSON.stringify(reply.json)}\n`]
  response.writeHead(reply.status, {
    'content-type': type,
    'cache-control': 'no-store',
    ...('headers' in reply ? reply.headers : {}),
  })
  response.end(body)
}

/** States that are open because somebody asked for them; one that does not exist yet is looked for again each time. */
class States {
  readonly #place: ConfigPlace
  readonly #open: Map<string, Promise<KvStore>> = new Map()

  constructor(place: ConfigPlace) {
    this.#place = place
  }

  async lookAtAll(names: readonly string[]): Promise<{
    readonly found: { readonly status: FetcherStatus; readonly store: KvStore | undefined }[]
    readonly problems: string[]
  }> {
    const looks = await Promise.allSettled(names.map((name) => this.#lookAt(name)))
    return {
      found: looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value] : [])),
      problems: looks.flatMap((look) => (look.status === 'rejected' ? [messageOf(look.reason)] : [])),
    }
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#open.values()].map(async (store) => (await store).close()))
  }

  async #lookAt(name: string): Promise<{ readonly status: FetcherStatus; readonly store: KvStore | undefined }> {
    const config = await loadConfig(name, this.#place)
    const store = await this.#store(config)
    return { status: await lookAt(config, store), store }
  }

  async #store(config: FetcherConfig): Promise<KvStore | undefined> {
    const opened = this.#open.get(config.name)
    if (opened !== undefined) return opened
    const options = await stateOptions(config, this.#place)
    if (options.type === 'sqlite' && options.path !== undefined && !existsSync(options.path)) return undefined
    const opening = openState(config, this.#place)
    this.#open.set(config.name, opening)
    opening.catch(() => this.#open.delete(config.name))
    return opening
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
