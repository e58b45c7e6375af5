import { existsSync } from 'node:fs'
import { type ConfigPlace, type Environment, type FetcherConfig, loadConfig } from '../config/load-config.js'
import { isDay } from '../config/schema.js'
import { lookAtQueue } from './look-at-queue.js'
import { makeSources, requireCredentials } from './make-sources.js'
import { openOutput } from './open-output.js'
import { openState, stateOptions, takeHolderOf, workFolderOf } from './open-state.js'
import { type PartialFolder, takePartialFolder } from './partial-folder.js'
import { planRun } from './plan-run.js'
import type { RunPlan, RunResult } from './run-result.js'
import { type RunEvent, Runner } from './runner.js'
import { type RunCounts, RunStatistics } from './statistics.js'
import { tellFailures } from './tell-failures.js'
import { windowsLeft } from './windows-left.js'

export interface RunFetcherOptions {
  /** Requests at one time. @default as the configuration says */
  readonly concurrency?: number | undefined
  /** First day, `YYYY-MM-DD`, in place of that of the configuration. */
  readonly since?: string | undefined
  /** Last day. */
  readonly until?: string | undefined
  /** Requests to make at most. @default no limit */
  readonly limit?: number | undefined
  /** Attempts after the first. @default as the configuration says */
  readonly maxRetries?: number | undefined
  /** @default the variable FETCHER_CONFIG_DIR, else the folder `fetchers` */
  readonly configDir?: string | undefined
  /** Aborted: what is under way is finished, nothing new is begun. */
  readonly signal?: AbortSignal | undefined
  /** Aborted: what is under way is ended and given back. */
  readonly stopSignal?: AbortSignal | undefined
  /** What it throws ends the run. */
  readonly onEvent?: ((event: RunEvent) => void) | undefined
  /** Called once, when everything is open; `look` tells how far the run is at any time. */
  readonly onStart?: ((look: RunView) => void) | undefined
}

/** What can be seen of a run while it goes on. */
export interface RunView {
  readonly config: FetcherConfig
  counts(): RunCounts
  /** Requests that wait in the queues, in all. */
  waiting(): Promise<number>
  /** Windows of walks that are left to be begun, and those begun by this run. */
  windows(): Promise<{ readonly left: number; readonly planned: number }>
}

export interface RunFetcherDeps {
  /** @default process.env */
  readonly env?: Environment
  /** What relative paths are relative to. @default the current folder */
  readonly currentDir?: string
}

/**
 * Fetches until nothing is left to do. What was fetched is durable, and what was not is remembered; any number of processes may do this at once, and
 * any may be killed. A request that was stored but not acknowledged, because the process died in between, is made again.
 *
 * @throws ConfigurationError, UnknownFetcherError, CredentialsError, and what makes all requests fail: errors of the store and of the output
 * @example const { ok, counts } = await runFetcher('fr-api', { concurrency: 2 })
 */
export async function runFetcher(
  name: string,
  options: RunFetcherOptions = {},
  deps: RunFetcherDeps = {},
): Promise<RunResult> {
  const { config, place, settings, concurrency, limit } = await prepare(name, options, deps)
  const startedAtMs = Date.now()
  await requireCredentials(config, place)
  await using store = await openState(config, place)
  await using holder = await takeHolderOf(config, place)
  await using storage = await openOutput(config, place)
  await using statistics = new RunStatistics(store, name)
  let partial: Promise<PartialFolder> | undefined
  let downloading = 0
  try {
    const sources = await makeSources({
      config,
      place,
      concurrency,
      storage,
      settings: { ...settings, store, holder: holder?.signature },
      partialFolder: async () => {
        partial ??= takePartialFolder(workFolderOf(name, place))
        return (await partial).path
      },
      onBytes: (bytes) => {
        downloading += bytes
      },
    })
    try {
      if (holder !== undefined) await Promise.all(sources.map((source) => source.endLeasesOf(holder.isGone)))
      const look = (): Promise<RunResult['left']> =>
        Promise.all(sources.map(({ prefix }) => lookAtQueue(store, prefix)))
      const leftAtStart = await windowsLeft(config, store, settings)
      options.onStart?.({
        config,
        counts: () => ({ ...statistics.counts, bytes: Math.max(statistics.counts.bytes, downloading) }),
        waiting: async () =>
          (await look()).reduce((sum, { ready, retries, leased }) => sum + ready + retries + leased, 0),
        windows: async () => {
          const left = await windowsLeft(config, store, settings)
          return { left, planned: Math.max(0, leftAtStart - left) }
        },
      })
      const runner = new Runner({
        store,
        sources,
        statistics,
        concurrency,
        limit,
        maxWaitSeconds: config.max_wait_seconds,
        drain: options.signal ?? NEVER(),
        stop: options.stopSignal ?? NEVER(),
        onEvent: options.onEvent ?? ((): void => undefined),
      })
      const { reason, failedSources } = await runner.run()
      const [counts, left] = [statistics.counts, await look()]
      const waits = left.some(({ retries }) => retries > 0)
      const hasUntold = await tellFailures(store, name, left)
      return {
        name,
        startedAt: new Date(startedAtMs).toISOString(),
        seconds: (Date.now() - startedAtMs) / 1000,
        end: reason,
        counts,
        left,
        errors: failedSources.map(({ source, error }) => describe(source.prefix, error, config)),
        ok: failedSources.length === 0 && counts.givenUp === 0 && !hasUntold && !waits,
      }
    } finally {
      await Promise.allSettled(sources.map((source) => source.close()))
    }
  } finally {
    await (await partial)?.release()
  }
}

/** What `runFetcher` would begin with, at most `limit` (100) requests. Writes nothing, neither state nor output. @throws as `runFetcher` */
export async function planFetcher(
  name: string,
  options: Omit<RunFetcherOptions, 'signal' | 'stopSignal' | 'onEvent' | 'onStart' | 'concurrency'> = {},
  deps: RunFetcherDeps = {},
): Promise<RunPlan> {
  const { config, place, settings } = await prepare(name, options, deps)
  const where = await stateOptions(config, place)
  const isNew =
    where.type === 'memory' || (where.type === 'sqlite' && where.path !== undefined && !existsSync(where.path))
  await using state = isNew ? undefined : await openState(config, place)
  return await planRun(config, place, settings, { state, limit: options.limit ?? SHOWN_IN_PLAN })
}

const SHOWN_IN_PLAN = 100
const NEVER = (): AbortSignal => new AbortController().signal

async function prepare(name: string, options: RunFetcherOptions, deps: RunFetcherDeps): Promise<Prepared> {
  const { since, until, maxRetries, concurrency, limit } = options
  for (const [option, value] of Object.entries({ since, until })) {
    if (value !== undefined && !isDay(value))
      throw new RangeError(`'${option}' must be a day such as 2026-01-31, not '${value}'`)
  }
  if (since !== undefined && until !== undefined && since > until)
    throw new RangeError(`'since' (${since}) is after 'until' (${until})`)
  requireWhole('concurrency', concurrency, 1)
  requireWhole('limit', limit, 1)
  requireWhole('maxRetries', maxRetries, 0)
  const place = placeOf(options, deps)
  const config = await loadConfig(name, place)
  return {
    config,
    place,
    settings: { leaseSeconds: config.lease_seconds, maxRetries: maxRetries ?? config.max_retries, since, until },
    concurrency: concurrency ?? config.concurrency,
    limit: limit ?? Number.POSITIVE_INFINITY,
  }
}

interface Prepared {
  readonly config: FetcherConfig
  readonly place: ConfigPlace
  readonly settings: {
    readonly leaseSeconds: number
    readonly maxRetries: number
    readonly since: string | undefined
    readonly until: string | undefined
  }
  readonly concurrency: number
  readonly limit: number
}

export function placeOf(options: Pick<RunFetcherOptions, 'configDir'>, deps: RunFetcherDeps): ConfigPlace {
  return { configDir: options.configDir, env: deps.env ?? process.env, currentDir: deps.currentDir ?? process.cwd() }
}

function requireWhole(option: string, value: number | undefined, least: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= least)) return
  throw new RangeError(`'${option}' must be a whole number from ${least}, not ${value}`)
}

function describe(locator: string, error: unknown, { credentials }: FetcherConfig): RunResult['errors'][number] {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : null
  return { locator, code, message: credentials.hide(message), hint: hint === null ? null : credentials.hide(hint) }
}
