import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { type SireneServer, sireneFaults, startSireneServer } from '@holdfast/testkit/sirene-server'
import { apiConfig, daysFrom, KEY, writeConfig } from '../test/api-config.ts'

export interface SiteOptions {
  readonly folder: string
  readonly days: number
  readonly pagesPerDay: number
  /** Companies on a page. */
  readonly rows: number
  /** Requests a second, for all fetchers together; `undefined`: as fast as they can. */
  readonly rate: number | undefined
  readonly burst: number
  readonly concurrency: number
  readonly leaseSeconds: number
  /** In which share of the requests the server fails. */
  readonly faultShare: number
  readonly random: () => number
  /** The line `state: …` of the configuration. @default SQLite */
  readonly state?: string | undefined
}

/** A server that remembers what it gave out, and a folder with a configuration for it. */
export interface TortureSite extends AsyncDisposable {
  readonly options: SiteOptions
  readonly server: SireneServer
  readonly days: readonly string[]
  /** SHA-256 of all that was given out for a page, by `pageOf`. */
  readonly given: ReadonlyMap<string, ReadonlySet<string>>
  /** Numbers of the requests that the server failed. */
  readonly failed: ReadonlySet<number>
}

const FAULTS = [() => sireneFaults.status(503), sireneFaults.cut]

export async function openSite(options: SiteOptions): Promise<TortureSite> {
  const { folder, days: count, pagesPerDay, rows, rate, burst, concurrency, leaseSeconds, faultShare, random } = options
  const days = daysFrom('2024-01-01', count)
  const given = new Map<string, Set<string>>()
  const failed = new Set<number>()
  const server = await startSireneServer({
    apiKey: KEY,
    perDay: () => pagesPerDay * rows,
    fault: ({ number }) => {
      if (random() >= faultShare) return undefined
      failed.add(number)
      return FAULTS[Math.floor(random() * FAULTS.length)]?.()
    },
    onPage: (url, body) => {
      const page = pageOf(url)
      const hashes = given.get(page) ?? new Set()
      given.set(page, hashes.add(createHash('sha256').update(body).digest('hex')))
    },
  })
  mkdirSync(folder, { recursive: true })
  const top = [`lease_seconds: ${leaseSeconds}`, `concurrency: ${concurrency}`, ...(options.state ?? '').split('\n')]
  const limit = rate === undefined ? [] : [`rate_limit: { requests: ${rate}, per_seconds: 1, burst: ${burst} }`]
  const [start = '', end = ''] = [days[0], days.at(-1)]
  writeConfig(folder, 'fr-api', apiConfig({ origin: server.origin, start, end, size: rows, top, locator: limit }))
  return { options, server, days, given, failed, [Symbol.asyncDispose]: () => server.stop() }
}

/** Names a page, whatever the order of its parameters. */
export function pageOf({ searchParams }: URL): string {
  const [day] = /\d{4}-\d{2}-\d{2}/.exec(searchParams.get('q') ?? '') ?? []
  return `${day} ${searchParams.get('curseur')}`
}
