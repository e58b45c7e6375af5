/**
 * The failure log of one stage: run numbers, ascending, unique, one a line. `<path>` is the source of truth and is replaced as a whole; a crash
 * leaves the old or the new one. A log with lines that are not run numbers, or with bytes that are not text, is kept as `<path>.corrupt-<time>`
 * when it is first rewritten.
 */
import { isUtf8 } from 'node:buffer'
import { messageOf, StateReadError } from './errors.js'
import { backupOf, freeAsidePath, readBytes, replaceFile, type StateDeps } from './file-io.js'
import { processWarnings } from './logger.js'
import { isRunNumber, sortedRuns } from './run-numbers.js'
import type { ChangeStateOptions, ReadStateOptions } from './state-file.js'
import { withStateLock } from './state-lock.js'

export interface LoadedFailureLog {
  readonly exists: boolean
  /** In the order of the file, duplicates included. */
  readonly runs: readonly number[]
  /** Line numbers, from 1, of lines that are neither blank nor a run number. */
  readonly foreignLines: readonly number[]
  /** Why the bytes are not a text of lines; the runs are then those of the lines that still make sense. */
  readonly damage: string | undefined
}

/**
 * The run numbers of a file with one a line, in its order. Blanks around a number and blank lines are fine; every other line is ignored and told
 * to the logger. A missing file has no runs; so has one that cannot be read or is not text, which is told as an error.
 *
 * @example await parseRunRecordsFromFile('/tmp/runs.txt') // [100, 200, 300]
 */
export async function parseRunRecordsFromFile(
  path: string,
  options: ReadStateOptions = {},
  deps: StateDeps = {},
): Promise<number[]> {
  const logger = options.logger ?? processWarnings
  try {
    const log = await loadFailureLog(path, deps)
    if (log.damage !== undefined) {
      logger.error(`Run numbers were not read from '${path}': ${log.damage}`)
      return []
    }
    if (log.foreignLines.length > 0) logger.warn(describeForeignLines(path, log))
    return [...log.runs]
  } catch (error) {
    if (!(error instanceof StateReadError)) throw error
    logger.error(messageOf(error))
    return []
  }
}

/**
 * Adds runs to a failure log, which stays sorted and unique; creates it and its folder. Durable on return; the log before is in `<path>.bak`.
 *
 * @throws TypeError or RangeError for a bad run number, before the file is touched; StateReadError, StateWriteError, LockTimeoutError.
 * @example await appendToFailureLog('/var/lib/archiver/import_failures.log', [106, 107])
 */
export async function appendToFailureLog(
  path: string,
  failedRuns: Iterable<number>,
  options: ChangeStateOptions = {},
  deps: StateDeps = {},
): Promise<void> {
  const added = sortedRuns(failedRuns, 'the failed runs')
  await rewrite(path, options, deps, async (log) => {
    const salvaged = log.damage === undefined ? [] : await backedUpRuns(path, deps)
    return [...log.runs, ...salvaged, ...added]
  })
}

/**
 * Replaces the content of a failure log, as recovery does; otherwise as {@link appendToFailureLog}.
 *
 * @example await writeFailureLog('/var/lib/archiver/import_failures.log', [105, 110, 115])
 */
export async function writeFailureLog(
  path: string,
  failedRuns: Iterable<number>,
  options: ChangeStateOptions = {},
  deps: StateDeps = {},
): Promise<void> {
  const runs = sortedRuns(failedRuns, 'the failed runs')
  await rewrite(path, options, deps, async () => runs)
}

/** @throws StateReadError */
export async function loadFailureLog(path: string, deps: StateDeps): Promise<LoadedFailureLog> {
  const bytes = await readBytes(path, deps)
  if (bytes === undefined) return { exists: false, runs: [], foreignLines: [], damage: undefined }
  const runs: number[] = []
  const foreignLines: number[] = []
  // Run numbers are ASCII, so they can be told apart from garbage without knowing its encoding.
  const lines = Buffer.from(bytes)
    .toString(isUtf8(bytes) ? 'utf8' : 'latin1')
    .replace(/^\uFEFF/, '')
    .split('\n')
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim()
    const run = /^[0-9]+$/.test(trimmed) ? Number(trimmed) : undefined
    if (isRunNumber(run)) runs.push(run)
    else if (trimmed !== '') foreignLines.push(index + 1)
  }
  return { exists: true, runs, foreignLines, damage: damageOf(bytes) }
}

/** The runs of the backup, none when it is missing or cannot be read. */
export async function backedUpRuns(path: string, deps: StateDeps): Promise<readonly number[]> {
  try {
    return (await loadFailureLog(backupOf(path), deps)).runs
  } catch {
    return []
  }
}

/** Replaces the log; the runs must be sorted and unique. Content that the new log would lose for good is kept aside. @returns where the old log is */
export async function replaceFailureLog(
  path: string,
  runs: readonly number[],
  replaced: LoadedFailureLog,
  deps: StateDeps,
  backupPath: string = backupOf(path),
): Promise<string> {
  const precious = replaced.damage !== undefined || replaced.foreignLines.length > 0
  const keptAs = precious ? await freeAsidePath(path, deps) : backupPath
  await replaceFile(path, runs.map((run) => `${run}\n`).join(''), keptAs, deps)
  return keptAs
}

export function describeForeignLines(path: string, { foreignLines }: LoadedFailureLog): string {
  const shown = foreignLines.slice(0, 5).join(', ')
  const more = foreignLines.length > 5 ? ` and ${foreignLines.length - 5} more` : ''
  return `Lines of '${path}' that are not run numbers were ignored: ${shown}${more}`
}

async function rewrite(
  path: string,
  options: ChangeStateOptions,
  deps: StateDeps,
  change: (log: LoadedFailureLog) => Promise<readonly number[]>,
): Promise<void> {
  const logger = options.logger ?? processWarnings
  await withStateLock(path, options, deps, async () => {
    const log = await loadFailureLog(path, deps)
    const runs = sortedRuns(await change(log), 'the failure log')
    if (log.exists && isSame(runs, log)) return
    const keptAs = await replaceFailureLog(path, runs, log, deps)
    if (log.damage !== undefined) {
      logger.error(`Failure log '${path}' is damaged: ${log.damage}; its bytes are in '${keptAs}'`)
    } else if (log.foreignLines.length > 0) {
      logger.warn(`${describeForeignLines(path, log)}; the log with them is in '${keptAs}'`)
    }
  })
}

function isSame(runs: readonly number[], log: LoadedFailureLog): boolean {
  if (log.damage !== undefined || log.foreignLines.length > 0) return false
  return runs.length === log.runs.length && runs.every((run, index) => run === log.runs[index])
}

function damageOf(bytes: Uint8Array): string | undefined {
  if (!isUtf8(bytes)) return 'it is not UTF-8 text'
  // What a power failure leaves of a file that was written without fsync.
  if (bytes.includes(0)) return 'it contains NUL bytes'
  return undefined
}
