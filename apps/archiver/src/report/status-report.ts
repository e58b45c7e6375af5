import { errorCode } from '@holdfast/atomic-file'
import { RunProgress } from '@holdfast/state'
import { explainError } from '../cli/explain-error.js'
import type { ArchiverConfig, StageFiles } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import { contiguousRanges, countRuns, gapsBetween, type RunRange } from './run-ranges.js'

/** What one place holds; `runs` is absent when it could not be read. */
export interface StoreStatus {
  readonly location: string
  readonly totalRuns?: number
  readonly firstRun?: number
  readonly lastRun?: number
  readonly ranges?: readonly RunRange[]
  readonly gaps?: readonly RunRange[]
  readonly missingRuns?: number
  readonly error?: string
}

export interface StageComparison {
  readonly lastContiguousRun: number
  readonly lastAttemptedRun: number
  /** At or below the last contiguous run at the source, but not at the destination. */
  readonly missing: readonly number[]
  /** Above the last contiguous run at the source. */
  readonly newRuns: readonly number[]
  readonly failures: readonly number[]
  /** What is wrong with the state file or the failure log. */
  readonly problems: readonly string[]
}

export interface Recommendation {
  readonly kind: 'import' | 'migrate' | 'orphaned' | 'archive-only' | 'synchronized'
  readonly runs: number
  readonly firstRun?: number
  readonly lastRun?: number
}

export interface StatusReport {
  readonly filesystem: StoreStatus
  readonly artdaqdb: StoreStatus
  readonly ucondb: StoreStatus & { readonly folder: string; readonly object: string }
  readonly stages?: { readonly import: StageComparison; readonly migration: StageComparison }
  /** Empty when a store could not be read. */
  readonly recommendations: readonly Recommendation[]
  readonly complete: boolean
}

export interface ReportSources {
  filesystem(): Promise<ReadonlySet<number>>
  artdaqdb(): Promise<ReadonlySet<number>>
  ucondb(): Promise<ReadonlySet<number>>
}

export interface ReportOptions {
  /** Look at the state files and failure logs, too. */
  readonly compareState: boolean
  readonly logger: Logger
}

/** Reads all three stores; one that cannot be read is part of the report, which is then not `complete`. Writes nothing. */
export async function makeStatusReport(
  config: ArchiverConfig,
  sources: ReportSources,
  { compareState, logger }: ReportOptions,
): Promise<StatusReport> {
  const [filesystem, artdaqdb, ucondb] = await Promise.allSettled([
    sources.filesystem(),
    sources.artdaqdb(),
    sources.ucondb(),
  ])
  const present = { filesystem: runsOf(filesystem), artdaqdb: runsOf(artdaqdb), ucondb: runsOf(ucondb) }
  const readable = [filesystem, artdaqdb, ucondb].every((result) => result.status === 'fulfilled')
  const stages = compareState
    ? {
        import: await compareStage(config.import, present.filesystem, present.artdaqdb, logger),
        migration: await compareStage(config.migrate, present.artdaqdb, present.ucondb, logger),
      }
    : undefined
  const stateIsSound =
    stages === undefined || [stages.import, stages.migration].every((stage) => stage.problems.length === 0)
  return {
    filesystem: describeStore(config.runRecordsDir, filesystem),
    artdaqdb: describeStore(config.database.location, artdaqdb),
    ucondb: {
      ...describeStore(config.archive.serverUrl, ucondb),
      folder: config.archive.folderName,
      object: config.archive.objectName,
    },
    ...(stages === undefined ? {} : { stages }),
    recommendations: readable ? recommend(present.filesystem, present.artdaqdb, present.ucondb) : [],
    complete: readable && stateIsSound,
  }
}

function runsOf(result: PromiseSettledResult<ReadonlySet<number>>): ReadonlySet<number> {
  return result.status === 'fulfilled' ? result.value : new Set()
}

function describeStore(location: string, result: PromiseSettledResult<ReadonlySet<number>>): StoreStatus {
  if (result.status === 'rejected') return { location, error: explainError(result.reason) }
  const ranges = contiguousRanges(result.value)
  const gaps = gapsBetween(ranges)
  const [first, last] = [ranges[0]?.[0], ranges.at(-1)?.[1]]
  const extent = first === undefined || last === undefined ? {} : { firstRun: first, lastRun: last }
  return { location, totalRuns: result.value.size, ...extent, ranges, gaps, missingRuns: countRuns(gaps) }
}

async function compareStage(
  files: StageFiles,
  source: ReadonlySet<number>,
  destination: ReadonlySet<number>,
  logger: Logger,
): Promise<StageComparison> {
  const known = { source: [...source].sort((a, b) => a - b), destination }
  try {
    await using progress = await RunProgress.open({ ...files, readOnly: true, logger })
    const { lastContiguousRun: last, lastAttemptedRun, failures, damage } = progress
    return {
      lastContiguousRun: last,
      lastAttemptedRun,
      missing: last > 0 ? known.source.filter((run) => run <= last && !destination.has(run)) : [],
      newRuns: last > 0 ? known.source.filter((run) => run > last) : [],
      failures,
      problems: [
        ...damage.map(({ path, reason }) => `'${path}' is damaged: ${reason}`),
        ...strangeCounters(files, Math.max(last, lastAttemptedRun), [...source, ...destination, ...failures]),
      ],
    }
  } catch (error) {
    if (errorCode(error)?.startsWith('ERR_STATE') !== true) throw error
    return {
      lastContiguousRun: 0,
      lastAttemptedRun: 0,
      missing: [],
      newRuns: [],
      failures: [],
      problems: [explainError(error)],
    }
  }
}

/** A counter above every run that is known anywhere keeps incremental mode from taking new ones. */
function strangeCounters({ stateFile }: StageFiles, counter: number, known: readonly number[]): string[] {
  const highest = known.reduce((one, other) => Math.max(one, other), 0)
  if (counter <= highest || known.length === 0) return []
  return [
    `'${stateFile}' counts to run ${counter}, but the highest run known is ${highest}; rebuild it with --recover-…-state`,
  ]
}

function recommend(
  filesystem: ReadonlySet<number>,
  artdaqdb: ReadonlySet<number>,
  ucondb: ReadonlySet<number>,
): Recommendation[] {
  const found: Recommendation[] = []
  const add = (kind: Recommendation['kind'], runs: ReadonlySet<number>): void => {
    if (runs.size === 0) return
    const ranges = contiguousRanges(runs)
    found.push({ kind, runs: runs.size, firstRun: ranges[0]?.[0] ?? 0, lastRun: ranges.at(-1)?.[1] ?? 0 })
  }
  add('import', filesystem.difference(artdaqdb))
  add('migrate', artdaqdb.difference(ucondb))
  add('orphaned', artdaqdb.difference(filesystem))
  add('archive-only', ucondb.difference(artdaqdb))
  return found.length > 0 ? found : [{ kind: 'synchronized', runs: 0 }]
}
