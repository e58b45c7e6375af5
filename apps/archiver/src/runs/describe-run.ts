import type { RunDatabase } from '@holdfast/artdaqdb'
import { explainError } from '../cli/explain-error.js'
import type { CommandContext } from '../commands/command.js'
import { type RunSeries, readSeries } from '../history/run-series.js'
import { listRecordFiles } from '../record/list-record-files.js'
import { listRunDirectories, type RunDirectories } from '../record/run-directories.js'
import { missingParts } from '../stages/stored-runs.js'
import { adviseRun } from './advise-run.js'
import { readStageLog, type StageLog } from './stage-log.js'

export interface RecordOnDisk {
  readonly folder: string
  readonly files: number
  readonly bytes: number
  /** ISO-8601 UTC; absent for a record without files. */
  readonly newestMtime?: string
}

export interface RunInDatabase {
  /** Full names, the newest first. */
  readonly configuration: string
  readonly configurations: readonly string[]
  readonly version: string
  readonly entities: readonly string[]
  readonly complete: boolean
  readonly missing: readonly string[]
}

export interface RunInArchive {
  readonly key: string
  readonly size: number
  readonly adler32: string
  readonly sha256?: string
  /** ISO-8601 UTC. */
  readonly storedAt: string
}

/** What one place says about a run: `found` is absent when it has nothing, and neither is known with an `error`. */
export interface Place<T> {
  readonly location: string
  readonly found?: T
  readonly error?: string
}

export interface StageOfRun {
  readonly inFailureLog: boolean
  /** Lies above the point from which incremental executions go on by themselves. */
  readonly isAhead: boolean
  /** Absent when the history has nothing: the Python archiver wrote none. */
  readonly outcome?: 'succeeded' | 'failed'
  readonly at?: string
  readonly failingSince?: string
  readonly executions?: number
  readonly attempts?: number
  readonly error?: string
}

export interface RunReport {
  readonly run: number
  readonly filesystem: Place<RecordOnDisk>
  readonly artdaqdb: Place<RunInDatabase>
  readonly ucondb: Place<RunInArchive>
  readonly import: StageOfRun
  readonly migration: StageOfRun
  /** What is wrong with state files, failure logs or the history. */
  readonly problems: readonly string[]
  /** What to do next, and the command where there is one. */
  readonly next: { readonly text: string; readonly command?: string }
  /** In no place and no failure log. */
  readonly isUnknown: boolean
  /** The known runs around an unknown one. */
  readonly nearest: readonly number[]
  /** Everything could be read. */
  readonly complete: boolean
}

const NEIGHBOURS = 2

/** Looks a run up in all three places, the failure logs and the history. Places that cannot be read are part of the report. Writes nothing. */
export async function describeRun(run: number, context: CommandContext): Promise<RunReport> {
  const { config, stores, logger, signal } = context
  const known = new Set<number>()
  let directories: RunDirectories = new Map()

  const filesystem = await look(config.runRecordsDir, async () => {
    directories = await listRunDirectories(config.runRecordsDir)
    for (const other of directories.keys()) known.add(other)
    const folder = directories.get(run)
    return folder === undefined ? undefined : describeRecord(folder)
  })
  const artdaqdb = await look(config.database.uri, async () => {
    await using database = await stores.openDatabase('read')
    return describeStored(database)
  })
  const archiveAddress = `${config.archive.serverUrl} ${config.archive.folderName}/${config.archive.objectName}`
  const ucondb = await look(archiveAddress, async () => {
    await using archive = await stores.openArchive()
    const version = await archive.stat(String(run), { signal })
    if (version === undefined) {
      for (const other of await archive.listRuns({ signal })) known.add(other)
      return undefined
    }
    const { key, size, adler32, sha256, storedAt } = version
    const hash = sha256 === undefined ? {} : { sha256 }
    const when = new Date(storedAt).toISOString()
    return { key, size, adler32: adler32.toString(16).padStart(8, '0'), ...hash, storedAt: when }
  })

  const logs = {
    import: await readStageLog(config.import, logger),
    migration: await readStageLog(config.migrate, logger),
  }
  for (const log of [logs.import, logs.migration]) for (const other of log.failures) known.add(other)
  const history = await readHistoryOf(run, config.historyFile)
  const problems = [...logs.import.problems, ...logs.migration.problems, ...history.problems]
  const stages = { import: stageOf(logs.import, history.import), migration: stageOf(logs.migration, history.migration) }
  const places = [filesystem, artdaqdb, ucondb]
  const isUnknown =
    places.every(({ found, error }) => found === undefined && error === undefined) &&
    !stages.import.inFailureLog &&
    !stages.migration.inFailureLog
  return {
    run,
    filesystem,
    artdaqdb,
    ucondb,
    ...stages,
    problems,
    next: adviseRun({ run, filesystem, artdaqdb, ucondb, ...stages, configPath: context.configPath }),
    isUnknown,
    nearest: isUnknown ? nearestTo(run, known) : [],
    complete: places.every(({ error }) => error === undefined) && problems.length === 0,
  }

  async function describeStored(database: RunDatabase): Promise<RunInDatabase | undefined> {
    const runs = await database.listRuns()
    for (const other of runs.keys()) known.add(other)
    const stored = runs.get(run)
    if (stored === undefined) return undefined
    const { configuration, configurations, version, entities } = stored
    const missing = await missingParts(stored, directories.get(run), config.generate)
    const complete = missing.length === 0
    return { configuration, configurations, version, entities: [...entities].sort(), complete, missing }
  }

  function stageOf({ failures, startRun }: StageLog, series: RunSeries | undefined): StageOfRun {
    const state = { inFailureLog: failures.includes(run), isAhead: run > startRun }
    if (series === undefined) return state
    const { newest, firstFailure, executions, attempts } = series
    const since = firstFailure === undefined ? {} : { failingSince: firstFailure.at }
    const error = newest.error === undefined ? {} : { error: newest.error }
    return { ...state, outcome: newest.outcome, at: newest.at, ...since, executions, attempts, ...error }
  }
}

/** A place that cannot be read is no reason not to look at the others. */
async function look<T>(location: string, read: () => Promise<T | undefined>): Promise<Place<T>> {
  try {
    const found = await read()
    return found === undefined ? { location } : { location, found }
  } catch (error) {
    return { location, error: explainError(error) }
  }
}

async function describeRecord(folder: string): Promise<RecordOnDisk> {
  const files = await listRecordFiles(folder)
  const newest = files.reduce((one, { mtimeMs }) => Math.max(one, mtimeMs), Number.NEGATIVE_INFINITY)
  return {
    folder,
    files: files.length,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    ...(files.length === 0 ? {} : { newestMtime: new Date(newest).toISOString() }),
  }
}

async function readHistoryOf(run: number, path: string) {
  try {
    const { series } = await readSeries(path, run)
    return { import: series.get('Import', run), migration: series.get('Migration', run), problems: [] }
  } catch (error) {
    return { import: undefined, migration: undefined, problems: [explainError(error)] }
  }
}

/** The nearest two below and above. */
function nearestTo(run: number, known: ReadonlySet<number>): number[] {
  const sorted = [...known].sort((one, other) => one - other)
  const below = sorted.filter((other) => other < run).slice(-NEIGHBOURS)
  return [...below, ...sorted.filter((other) => other > run).slice(0, NEIGHBOURS)]
}
