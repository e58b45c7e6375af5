import { explainError } from '../cli/explain-error.js'
import type { CommandContext } from '../commands/command.js'
import type { StageFiles } from '../config/archiver-config.js'
import { describeBadLines } from '../history/read-history.js'
import { readSeries, SeriesByRun } from '../history/run-series.js'
import { listRunDirectories } from '../record/run-directories.js'
import { findStoredRuns } from '../stages/stored-runs.js'
import { readStageLog } from './stage-log.js'

export type FailureStage = 'import' | 'migration'

export interface LoggedFailure {
  readonly run: number
  readonly stage: FailureStage
  /** Of the whole series of failures; absent when the history has nothing, as after the Python archiver. */
  readonly attempts?: number
  readonly executions?: number
  readonly error?: string
  readonly errorCode?: string
  /** The first failure of the unbroken series, ISO-8601 UTC. */
  readonly since?: string
  readonly lastFailure?: string
  /** The destination holds it meanwhile; absent when the destination could not be read. */
  readonly arrived?: boolean
}

export interface FailureReport {
  readonly failures: readonly LoggedFailure[]
  /** Logs, stores or a history that could not be read. */
  readonly problems: readonly string[]
}

/** The runs of the failure logs, which are the truth, with what the history knows about them. Takes no lock, writes nothing. */
export async function listFailures(stages: readonly FailureStage[], context: CommandContext): Promise<FailureReport> {
  const { config, logger } = context
  const problems: string[] = []
  const series = await readHistoryOrNone()
  const failures: LoggedFailure[] = []
  for (const stage of stages) {
    const { failures: runs, problems: found } = await readStageLog(filesOf(stage), logger)
    problems.push(...found)
    const arrived = runs.length === 0 ? new Set<number>() : await arrivedOf(stage, new Set(runs))
    for (const run of runs) {
      const presence = arrived === undefined ? {} : { arrived: arrived.has(run) }
      failures.push({ run, stage, ...detailsOf(stage, run), ...presence })
    }
  }
  return { failures, problems }

  function filesOf(stage: FailureStage): StageFiles {
    return stage === 'import' ? config.import : config.migrate
  }

  function detailsOf(stage: FailureStage, run: number): Partial<LoggedFailure> {
    const known = series.get(stage === 'import' ? 'Import' : 'Migration', run)
    // A success behind which the run is in the log again was not this failure.
    if (known?.firstFailure === undefined) return {}
    const { newest, firstFailure, attempts, executions } = known
    const code = newest.errorCode === undefined ? {} : { errorCode: newest.errorCode }
    const error = newest.error === undefined ? {} : { error: newest.error }
    return { attempts, executions, ...error, ...code, since: firstFailure.at, lastFailure: newest.at }
  }

  async function readHistoryOrNone(): Promise<SeriesByRun> {
    try {
      const reading = await readSeries(config.historyFile)
      const bad = describeBadLines(config.historyFile, reading)
      if (bad !== undefined) logger.warn(bad)
      return reading.series
    } catch (error) {
      problems.push(explainError(error))
      return new SeriesByRun()
    }
  }

  async function arrivedOf(stage: FailureStage, runs: ReadonlySet<number>): Promise<ReadonlySet<number> | undefined> {
    try {
      if (stage === 'migration') {
        await using archive = await context.stores.openArchive()
        return new Set(await archive.listRuns({ signal: context.signal }))
      }
      await using database = await context.stores.openDatabase('read')
      const directories = await listRunDirectories(config.runRecordsDir).catch(() => new Map<number, string>())
      return (await findStoredRuns(database, directories, config.generate, (run) => runs.has(run))).complete
    } catch (error) {
      problems.push(`Which runs have arrived meanwhile is not known: ${explainError(error)}`)
      return undefined
    }
  }
}
