import { readFile, stat } from 'node:fs/promises'
import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { listRunDirectories } from '../record/run-directories.js'
import { type Finding, Findings } from './finding.js'

const SMALL_MS = 30_000
const LARGE_MS = 300_000
/** Run records that are looked at, the newest by number. */
const RECORDS = 50

export interface ClockDeps {
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly signal: AbortSignal
}

/** Compares this machine's clock with that of the UconDB server, where there is one, and with the times of files. */
export async function checkClock(config: ArchiverConfig, deps: ClockDeps): Promise<Finding[]> {
  const findings = new Findings('clock')
  const fix = 'Set the clocks by NTP: chronyc tracking, or timedatectl, tells whether this one is'
  const server = await serverTime(config, deps)
  if (server !== undefined) {
    // The header has whole seconds, and the answer was some time on its way.
    const apart = Math.max(0, Math.abs(deps.now() - server.atMs) - 1_000 - server.tookMs)
    const text = `The clocks of this machine and of the UconDB server are ${Math.round(apart / 1000)} s apart`
    if (apart > LARGE_MS) findings.problem(text, fix)
    else if (apart > SMALL_MS) findings.warning(text, fix)
    else findings.ok(text)
  }
  for (const path of await pathsToLookAt(config)) {
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }))
    if (mtimeMs > deps.now() + SMALL_MS)
      findings.warning(`'${path}' was written in the future (${new Date(mtimeMs).toISOString()})`, fix)
  }
  if (findings.all.length === 0) findings.ok(new Date(deps.now()).toISOString())
  return findings.all
}

async function pathsToLookAt(config: ArchiverConfig): Promise<string[]> {
  const directories = await listRunDirectories(config.runRecordsDir).catch(() => new Map<number, string>())
  const newest = [...directories].sort(([one], [other]) => other - one).slice(0, RECORDS)
  const states = [config.import, config.migrate].flatMap(({ stateFile, failureLog }) => [stateFile, failureLog])
  return [...newest.map(([, path]) => path), ...states, config.historyFile]
}

/** By the header of any answer; without credentials. What keeps it from answering is told where the store is looked at. */
async function serverTime(
  { archive }: ArchiverConfig,
  { signal, now }: ClockDeps,
): Promise<{ readonly atMs: number; readonly tookMs: number } | undefined> {
  if (archive.serverUrl.startsWith('file:')) return undefined
  const url = new URL(`${archive.serverUrl.replace(/\/+$/, '')}/version`)
  const startedAt = now()
  const date = await dateHeaderOf(url, archive, signal).catch(() => undefined)
  const atMs = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(atMs) ? undefined : { atMs, tookMs: now() - startedAt }
}

async function dateHeaderOf(
  url: URL,
  { tls, timeoutMs }: ArchiverConfig['archive'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const ca = tls.caFile === undefined ? {} : { ca: await readFile(tls.caFile) }
  const options = { agent: false, signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? requestHttps(url, { ...options, ...ca, rejectUnauthorized: tls.verify })
        : requestHttp(url, options)
    request.once('response', (response) => {
      response.on('error', () => undefined).destroy()
      resolve(response.headers.date)
    })
    request.on('error', reject)
    request.end()
  })
}
