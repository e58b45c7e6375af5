import { LockExistsError } from '@holdfast/lock'
import { RunProgress } from '@holdfast/state'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { ArchiverObserver, RunEvent } from '../stages/run-events.js'
import type { StageOutcome } from '../stages/run-pipeline.js'
import { isBroken } from '../stages/run-pipeline.js'
import type { Stage } from '../stages/stage.js'
import type { Stores } from '../stores.js'
import type { StageTotals } from './carbon-exporter.js'
import type { Labels, MetricKey, MetricsExporter } from './definitions.js'
import { timeCalls } from './store-timing.js'

export interface CollectorOptions {
  readonly config: ArchiverConfig
  readonly version: string
  readonly mode: string
  readonly exporters: readonly (MetricsExporter & { stageFinished?(totals: StageTotals): void })[]
  /** Epoch milliseconds. */
  readonly now: () => number
  /** A clock that only goes forward. */
  readonly monotonicMs: () => number
}

/** What is measured of one execution, for all exporters. It changes nothing of what it looks at. */
export interface ExecutionMetrics {
  readonly observer: ArchiverObserver
  timeLock<T>(take: () => Promise<T>): Promise<T>
  timeStores(stores: Stores): Stores
  watchStage(stage: Stage): Stage
  /** At the end of the execution, while it still holds its lock. */
  executionFinished(exitCode: number): Promise<void>
}

const LABELS = { Import: 'import', Migration: 'migrate' } as const
type StageLabel = (typeof LABELS)[Stage['name']]
const PLACES = {
  import: { source: 'disk', destination: 'artdaqdb' },
  migrate: { source: 'artdaqdb', destination: 'ucondb' },
} as const

interface StageProgress {
  startedAtMs: number
  source: ReadonlySet<number>
  /** `undefined` until it was listed. */
  destination: Set<number> | undefined
  readonly succeeded: number[]
  failed: number
  bytes: number
}

export function collectExecution(options: CollectorOptions): ExecutionMetrics {
  const { config, exporters, monotonicMs } = options
  const startedAtMs = monotonicMs()
  let ownsLock = false
  const stages = new Map<StageLabel, StageProgress>()
  const progressOf = (stage: StageLabel): StageProgress => {
    const known = stages.get(stage)
    if (known !== undefined) return known
    const begun: StageProgress = {
      startedAtMs: monotonicMs(),
      source: new Set(),
      destination: undefined,
      succeeded: [],
      failed: 0,
      bytes: 0,
    }
    stages.set(stage, begun)
    return begun
  }
  const record = (metric: MetricKey, labels: Labels, value: number): void => {
    for (const exporter of exporters) exporter.record({ metric, labels, value })
  }
  const timeStore = <T extends object>(store: string, opened: T): T =>
    timeCalls(
      opened,
      ({ operation, durationMs, failed }) => {
        record('storeCalls', { store, operation }, durationMs / 1000)
        if (failed) record('storeErrors', { store, operation }, 1)
      },
      monotonicMs,
    )

  return {
    observer: { runFinished, stageFinished },

    async timeLock(take) {
      const askedAtMs = monotonicMs()
      try {
        const taken = await take()
        ownsLock = true
        record('lockWait', {}, (monotonicMs() - askedAtMs) / 1000)
        return taken
      } catch (error) {
        if (error instanceof LockExistsError) record('lockRefusals', {}, 1)
        throw error
      }
    },

    timeStores: (stores) => ({
      openDatabase: async (access) => timeStore('artdaqdb', await stores.openDatabase(access)),
      openArchive: async () => timeStore('ucondb', await stores.openArchive()),
      openUncheckedArchive: () => stores.openUncheckedArchive(),
    }),

    watchStage(stage) {
      const progress = progressOf(LABELS[stage.name])
      return {
        ...stage,
        async listSource(isInQuestion) {
          progress.startedAtMs = monotonicMs()
          progress.source = await stage.listSource(isInQuestion)
          return progress.source
        },
        async listDestination(isInQuestion) {
          const runs = await stage.listDestination(isInQuestion)
          progress.destination = new Set(runs)
          return runs
        },
      }
    },

    async executionFinished(exitCode) {
      const { mode, version, now } = options
      record('info', { version }, 1)
      record('executions', { mode, exit_code: String(exitCode) }, 1)
      record('executionDuration', { mode }, (monotonicMs() - startedAtMs) / 1000)
      record('lastExecution', {}, now() / 1000)
      if (exitCode === 0) record('lastSuccess', {}, now() / 1000)
      if (ownsLock) await recordState()
      await Promise.all(exporters.map((exporter) => exporter.flush()))
    },
  }

  function runFinished({ stage: name, run, outcome, attempts, durationMs, bytes = 0 }: RunEvent): void {
    const stage = LABELS[name]
    const progress = progressOf(stage)
    record('runs', { stage, outcome }, 1)
    record('attempts', { stage }, attempts)
    record('runDuration', { stage }, durationMs / 1000)
    if (outcome === 'failed') {
      progress.failed += 1
      return
    }
    record('bytes', { stage }, bytes)
    progress.bytes += bytes
    progress.succeeded.push(run)
    progress.destination?.add(run)
  }

  async function stageFinished(outcome: StageOutcome): Promise<void> {
    const stage = LABELS[outcome.stage]
    const progress = progressOf(stage)
    const durationMs = monotonicMs() - progress.startedAtMs
    record('stageDuration', { stage }, durationMs / 1000)
    if (isBroken(outcome)) record('stageStops', { stage, code: outcome.code ?? 'unknown' }, 1)
    recordLag(stage, progress)
    const isRetry = options.mode.startsWith('retry-')
    const totals: StageTotals = {
      stage,
      succeeded: progress.succeeded.length,
      failed: progress.failed,
      bytes: progress.bytes,
      durationMs,
      lastSuccessfulRun: isRetry || progress.succeeded.length === 0 ? undefined : highest(progress.succeeded),
    }
    for (const exporter of exporters) exporter.stageFinished?.(totals)
    await Promise.all(exporters.map((exporter) => exporter.flush()))
  }

  function recordLag(stage: StageLabel, { source, destination }: StageProgress): void {
    const { source: from, destination: to } = PLACES[stage]
    if (source.size > 0) record('newestRun', { place: from }, highest(source))
    if (destination === undefined) return
    if (destination.size > 0) record('newestRun', { place: to }, highest(destination))
    record('lag', { stage }, countAbove(source, highest(destination)))
    record('backlog', { stage }, [...source].filter((run) => !destination.has(run)).length)
    const disk = stages.get('import')?.source
    if (stage === 'migrate' && disk !== undefined && disk.size > 0)
      record('lag', { stage: 'total' }, countAbove(disk, highest(destination)))
  }

  async function recordState(): Promise<void> {
    for (const [stage, files] of [
      ['import', config.import],
      ['migrate', config.migrate],
    ] as const) {
      try {
        await using progress = await RunProgress.open({ ...files, readOnly: true, logger: silent })
        if (progress.damage.length > 0) continue
        record('failuresLogged', { stage }, progress.failures.length)
        record('lastContiguousRun', { stage }, progress.lastContiguousRun)
        record('lastAttemptedRun', { stage }, progress.lastAttemptedRun)
      } catch {
        // What cannot be read is somebody else's to tell.
      }
    }
  }
}

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

function highest(runs: Iterable<number>): number {
  let max = Number.NEGATIVE_INFINITY
  for (const run of runs) if (run > max) max = run
  return max
}

function countAbove(runs: Iterable<number>, limit: number): number {
  let count = 0
  for (const run of runs) if (run > limit) count += 1
  return count
}
