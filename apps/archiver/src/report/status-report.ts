import { explainError } from '../cli/explain-error.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import { compareStage, type StageComparison } from './compare-stage.js'
import { hideCredentials } from './hide-credentials.js'
import { contiguousRanges, countRuns, gapsBetween, type RunRange, subtractRanges } from './run-ranges.js'

/** What one place holds; the numbers are absent when it could not be read, with the reason in `error`. */
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
  const [records, database, archive] = [runsOf(filesystem), runsOf(artdaqdb), runsOf(ucondb)]
  const stages = compareState
    ? {
        import: await compareStage(config.import, { source: records, destination: database }, logger),
        migration: await compareStage(config.migrate, { source: database, destination: archive }, logger),
      }
    : undefined
  return concludeReport({
    filesystem: describeStore(config.runRecordsDir, filesystem),
    artdaqdb: describeStore(config.database.location, artdaqdb),
    ucondb: {
      ...describeStore(config.archive.serverUrl, ucondb),
      folder: config.archive.folderName,
      object: config.archive.objectName,
    },
    ...(stages === undefined ? {} : { stages }),
  })
}

/** The same report as it is without `compareState`. */
export function withoutStages({ filesystem, artdaqdb, ucondb }: StatusReport): StatusReport {
  return concludeReport({ filesystem, artdaqdb, ucondb })
}

function concludeReport(found: Omit<StatusReport, 'recommendations' | 'complete'>): StatusReport {
  const { filesystem, artdaqdb, ucondb, stages } = found
  const readable = [filesystem, artdaqdb, ucondb].every(({ error }) => error === undefined)
  const stateIsSound =
    stages === undefined || [stages.import, stages.migration].every(({ problems }) => problems.length === 0)
  return {
    ...found,
    recommendations: readable ? recommend(filesystem.ranges, artdaqdb.ranges, ucondb.ranges) : [],
    complete: readable && stateIsSound,
  }
}

function runsOf(result: PromiseSettledResult<ReadonlySet<number>>): ReadonlySet<number> | undefined {
  return result.status === 'fulfilled' ? result.value : undefined
}

function describeStore(address: string, result: PromiseSettledResult<ReadonlySet<number>>): StoreStatus {
  const location = hideCredentials(address)
  if (result.status === 'rejected') return { location, error: hideCredentials(explainError(result.reason)) }
  const ranges = contiguousRanges(result.value)
  const gaps = gapsBetween(ranges)
  const [first, last] = [ranges[0]?.[0], ranges.at(-1)?.[1]]
  const extent = first === undefined || last === undefined ? {} : { firstRun: first, lastRun: last }
  return { location, totalRuns: result.value.size, ...extent, ranges, gaps, missingRuns: countRuns(gaps) }
}

function recommend(
  filesystem: readonly RunRange[] = [],
  artdaqdb: readonly RunRange[] = [],
  ucondb: readonly RunRange[] = [],
): Recommendation[] {
  const found: Recommendation[] = []
  const add = (kind: Recommendation['kind'], ranges: readonly RunRange[]): void => {
    const [first, last] = [ranges[0]?.[0], ranges.at(-1)?.[1]]
    if (first === undefined || last === undefined) return
    found.push({ kind, runs: countRuns(ranges), firstRun: first, lastRun: last })
  }
  add('import', subtractRanges(filesystem, artdaqdb))
  add('migrate', subtractRanges(artdaqdb, ucondb))
  add('orphaned', subtractRanges(artdaqdb, filesystem))
  add('archive-only', subtractRanges(ucondb, artdaqdb))
  return found.length > 0 ? found : [{ kind: 'synchronized', runs: 0 }]
}
