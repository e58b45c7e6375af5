import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Manifest, Marker } from '@holdfast/fetcher'
import { pageOf, type TortureSite } from './torture-site.ts'

export interface TortureFindings {
  readonly items: number
  readonly pages: number
  readonly requests: number
  /** Requests for a page that had been asked for before, and had not been failed by the server. */
  readonly repeated: number
  /** How many requests more than the token bucket gives out came in the worst stretch of time. */
  readonly overRate: number
  readonly violations: readonly string[]
}

export interface TortureLog {
  /** On the clock of the server's log. */
  readonly killedAtMs: readonly number[]
  readonly fetchers: number
}

interface StoredPage {
  readonly path: string
  readonly page: string
  readonly sha256: string
  readonly sirens: readonly string[]
}

/** A lease begins before its request is sent, which may have waited for its turn. */
const BEFORE_SENDING_MS = 500

/**
 * Each page that there is must be stored in one bundle, with the bytes that the server gave out, each company on one of them; a page may have been asked for
 * again only after the server had failed it, or when a fetcher had been killed and its lease was over, which it is at once with SQLite; and at no time may more have been asked for than the
 * rate limit allows.
 */
export function findViolations(site: TortureSite, log: TortureLog): TortureFindings {
  const violations: string[] = []
  const stored = readStored(join(site.options.folder, 'fetched'), violations)
  const sirens = stored.flatMap((each) => each.sirens)
  const expected = site.days.flatMap((day) => [...site.server.companies(day)])
  compare('company', expected, sirens, violations)
  compare(
    'page',
    [...site.given.keys()],
    stored.map(({ page }) => page),
    violations,
  )
  for (const { path, page, sha256 } of stored) {
    if (!site.given.get(page)?.has(sha256)) violations.push(`${path} has other bytes than the server gave out`)
  }
  const repeated = findRepeats(site, log, violations)
  const overRate = findOverRate(site, log, violations)
  const { length: requests } = site.server.received
  return { items: sirens.length, pages: stored.length, requests, repeated, overRate, violations }
}

function readStored(folder: string, violations: string[]): StoredPage[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const name of names) {
    if (/^\.staging\/./.test(name) || name.endsWith('.tmp')) violations.push(`Left over: ${name}`)
  }
  return names.flatMap((name) => {
    if (!name.endsWith('/completed.json')) return []
    const bundle = join(folder, name, '..')
    const text = readFileSync(join(bundle, 'manifest.json'), 'utf8')
    const marker = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Marker
    const manifest = JSON.parse(text) as Manifest
    if (marker.manifestSha256 !== hash(text)) violations.push(`${name} is not the marker of its manifest`)
    return manifest.resources.map((resource) => {
      const path = join(bundle, 'content', resource.name)
      const bytes = readFileSync(path)
      const sha256 = hash(bytes)
      if (resource.sha256 !== sha256 || resource.size !== bytes.length)
        violations.push(`${path} is not as its manifest says`)
      const { unitesLegales } = JSON.parse(bytes.toString()) as { unitesLegales: { siren: string }[] }
      const sirens = unitesLegales.map(({ siren }) => siren)
      return { path, page: pageOf(new URL(resource.url)), sha256, sirens }
    })
  })
}

function hash(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function compare(what: string, expected: readonly string[], found: readonly string[], violations: string[]): void {
  const once = new Set(found)
  if (once.size !== found.length)
    violations.push(`${found.length - once.size} times a ${what} is stored more than once`)
  const missing = expected.filter((each) => !once.has(each))
  if (missing.length > 0) violations.push(`${missing.length} times a ${what} is missing, such as ${missing[0]}`)
  const wanted = new Set(expected)
  const surplus = found.filter((each) => !wanted.has(each))
  if (surplus.length > 0)
    violations.push(`${surplus.length} times a ${what} is stored that there is not, such as ${surplus[0]}`)
}

function findRepeats({ server, failed, options }: TortureSite, log: TortureLog, violations: string[]): number {
  const { killedAtMs } = log
  const isOnOneMachine = options.state === undefined
  const last = new Map<string, { readonly number: number; readonly atMs: number }>()
  let repeated = 0
  for (const { url, number, atMs } of server.received) {
    const page = pageOf(url)
    const before = last.get(page)
    last.set(page, { number, atMs })
    if (before === undefined || failed.has(before.number)) continue
    repeated += 1
    const wasKilled = killedAtMs.some((ms) => ms >= before.atMs && ms <= atMs)
    // On one machine it can be seen that a fetcher is dead; elsewhere its leases have to run out.
    const isOver = isOnOneMachine || atMs - before.atMs >= options.leaseSeconds * 1000 - BEFORE_SENDING_MS
    if (!wasKilled || !isOver)
      violations.push(
        `Page ${page} was asked for again after ${Math.round(atMs - before.atMs)} ms, ${wasKilled ? 'before its lease was over' : 'and nobody was killed'}`,
      )
  }
  const most = killedAtMs.length * options.concurrency
  if (repeated > most) violations.push(`${repeated} repeats; those who were killed had at most ${most} requests`)
  return repeated
}

/**
 * The server's log against the token bucket, over every stretch of time. Requests that have had their turn may be late and arrive together: at most as many
 * as the fetchers have under way.
 */
function findOverRate({ server, options }: TortureSite, { fetchers }: TortureLog, violations: string[]): number {
  const { rate, burst, concurrency } = options
  if (rate === undefined) return 0
  let overRate = 0
  let lowest = Number.POSITIVE_INFINITY
  for (const [index, { atMs }] of server.received.entries()) {
    const ahead = index - (atMs / 1000) * rate
    lowest = Math.min(lowest, ahead)
    overRate = Math.max(overRate, ahead - lowest + 1 - burst)
  }
  if (overRate > concurrency * fetchers)
    violations.push(`${overRate.toFixed(1)} requests more than the rate limit gives out in one stretch of time`)
  return overRate
}
