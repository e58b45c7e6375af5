/**
 * The state file of one stage, as the functions of the Python archiver see it. `<path>` is the source of truth; a crash leaves the old or the
 * new content whole, at worst beside a temporary file that `RunProgress.open` sweeps. What is damaged is set aside, never overwritten.
 */
import { messageOf, StateReadError } from './errors.js'
import { backupOf, freeAsidePath, moveAside, replaceFile, type StateDeps } from './file-io.js'
import { loadBackup, loadState, restoreBackup } from './load-state.js'
import { processWarnings, type StateLogger } from './logger.js'
import { sortedRuns } from './run-numbers.js'
import {
  EMPTY_DOCUMENT,
  formatStateDocument,
  parseStateDocument,
  type RunCounters,
  type StateDocument,
} from './state-document.js'
import { type LockWaitOptions, tryWithStateLock, withStateLock } from './state-lock.js'

export interface ReadStateOptions {
  /** @default damage and failures become process warnings */
  readonly logger?: StateLogger
}

export interface ChangeStateOptions extends ReadStateOptions, LockWaitOptions {}

/**
 * The content of a state file; `{}` when it is missing or cannot be used. Content that is damaged (not UTF-8, not JSON, not an object, a counter
 * that is not a run number) is moved to `<path>.corrupt-<time>` and the backup, if it is good, takes its place and is the answer. A file that
 * cannot be read at all (permissions, disk error) stays where it is. Both are told to the logger; nothing is thrown for them.
 *
 * @example const { last_attempted_run = 0 } = await readState('/var/lib/archiver/importer_state.json')
 */
export async function readState(
  path: string,
  options: ReadStateOptions = {},
  deps: StateDeps = {},
): Promise<Record<string, unknown>> {
  const logger = options.logger ?? processWarnings
  try {
    return { ...(await readDocument(path, logger, deps)).values }
  } catch (error) {
    if (!(error instanceof StateReadError)) throw error
    logger.error(messageOf(error))
    return {}
  }
}

/**
 * Replaces the content of a state file, creating its folder. When it answers `true` the new content survives a power failure and the one before
 * is in `<path>.bak`. It answers `false`, and tells the logger why, when the state has no JSON form, holds a counter that is not a run number,
 * or cannot be written; the old content is still there then.
 *
 * @example if (!(await writeState(path, { last_contiguous_run: 105, last_attempted_run: 110 }))) process.exitCode = 1
 */
export async function writeState(
  path: string,
  state: Readonly<Record<string, unknown>>,
  options: ChangeStateOptions = {},
  deps: StateDeps = {},
): Promise<boolean> {
  const logger = options.logger ?? processWarnings
  try {
    const text = formatStateDocument(asPlainObject(state))
    parseStateDocument(Buffer.from(text), path)
    await withStateLock(path, options, deps, async () => {
      const damaged = (await loadState(path, deps)).kind === 'damaged'
      await replaceFile(path, text, damaged ? await freeAsidePath(path, deps) : backupOf(path), deps)
    })
    return true
  } catch (error) {
    logger.error(`State was not written to '${path}': ${messageOf(error)}`)
    return false
  }
}

/**
 * Raises `last_contiguous_run` over the runs that follow it without a gap, in whatever order they are given. Durable on return; nothing is
 * written when nothing changes. Fields of other programs stay.
 *
 * @throws TypeError or RangeError for a bad run number, before the file is touched; StateReadError, StateWriteError; LockTimeoutError when
 *   another process holds `<path>.lock`.
 * @example await updateContiguousRunState(path, [104, 106, 107]) // 103 becomes 104
 */
export async function updateContiguousRunState(
  path: string,
  successfulRuns: Iterable<number>,
  options: ChangeStateOptions = {},
  deps: StateDeps = {},
): Promise<void> {
  const runs = sortedRuns(successfulRuns, 'the successful runs')
  await changeCounters(path, runs, options, deps, ({ lastContiguousRun }) => {
    let last = lastContiguousRun
    for (const run of runs) if (run === last + 1) last = run
    return { lastContiguousRun: last }
  })
}

/**
 * Raises `last_attempted_run` to the highest of the runs; it never falls. Otherwise as {@link updateContiguousRunState}.
 *
 * @example await updateAttemptedRunState(path, [101, 105, 103]) // 100 becomes 105
 */
export async function updateAttemptedRunState(
  path: string,
  attemptedRuns: Iterable<number>,
  options: ChangeStateOptions = {},
  deps: StateDeps = {},
): Promise<void> {
  const runs = sortedRuns(attemptedRuns, 'the attempted runs')
  await changeCounters(path, runs, options, deps, ({ lastAttemptedRun }) => ({
    lastAttemptedRun: Math.max(lastAttemptedRun, runs.at(-1) ?? 0),
  }))
}

/**
 * Incremental mode processes the runs above this one: the higher of the two counters, 0 without a state file.
 *
 * @throws StateReadError when the file is there but cannot be read, because 0 would then be a wrong answer.
 * @example const start = await getIncrementalStartRun(path)
 */
export async function getIncrementalStartRun(
  path: string,
  options: ReadStateOptions = {},
  deps: StateDeps = {},
): Promise<number> {
  const document = await readDocument(path, options.logger ?? processWarnings, deps)
  return Math.max(document.lastContiguousRun, document.lastAttemptedRun)
}

function asPlainObject(state: unknown): Record<string, unknown> {
  if (typeof state === 'object' && state !== null && !Array.isArray(state)) return { ...state }
  throw new TypeError('a state is an object')
}

async function readDocument(path: string, logger: StateLogger, deps: StateDeps): Promise<StateDocument> {
  const loaded = await loadState(path, deps)
  if (loaded.kind === 'missing') return EMPTY_DOCUMENT
  if (loaded.kind === 'good') return loaded.document
  let whyLeft = 'another process is using it'
  try {
    // Looked at again under the lock: a writer may have replaced it with a good one meanwhile.
    const repaired = await tryWithStateLock(path, () => loadOrRepair(path, logger, deps))
    if (repaired !== undefined) return repaired
  } catch (error) {
    whyLeft = messageOf(error)
  }
  const backup = await loadBackup(path, deps)
  const answer = backup === undefined ? 'an empty state is used' : `'${backupOf(path)}' is used`
  logger.error(`State file '${path}' is damaged: ${loaded.reason}; ${answer}; the file was left in place: ${whyLeft}`)
  return backup?.document ?? EMPTY_DOCUMENT
}

/** Only for the holder of the lock. After it the file is good or missing. */
async function loadOrRepair(path: string, logger: StateLogger, deps: StateDeps): Promise<StateDocument> {
  const loaded = await loadState(path, deps)
  if (loaded.kind === 'missing') return EMPTY_DOCUMENT
  if (loaded.kind === 'good') return loaded.document
  const restored = await restoreBackup(path, deps)
  const bytesPath = restored?.bytesPath ?? (await moveAside(path, deps))
  const answer = restored === undefined ? 'there is no good backup, so it starts empty' : 'its backup was restored'
  logger.error(`State file '${path}' is damaged: ${loaded.reason}; ${answer}; the damaged bytes are in '${bytesPath}'`)
  return restored?.document ?? EMPTY_DOCUMENT
}

async function changeCounters(
  path: string,
  runs: readonly number[],
  options: ChangeStateOptions,
  deps: StateDeps,
  raise: (current: RunCounters) => Partial<RunCounters>,
): Promise<void> {
  if (runs.length === 0) return
  const logger = options.logger ?? processWarnings
  await withStateLock(path, options, deps, async () => {
    const document = await loadOrRepair(path, logger, deps)
    const counters = raise(document)
    const unchanged = { ...document, ...counters }
    if (
      unchanged.lastContiguousRun === document.lastContiguousRun &&
      unchanged.lastAttemptedRun === document.lastAttemptedRun
    )
      return
    await replaceFile(path, formatStateDocument(document.fields, counters), backupOf(path), deps)
    logger.info(`Updated '${path}': ${JSON.stringify(counters)}`)
  })
}
