import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { errorCode } from '@holdfast/atomic-file'
import { StateCorruptionError, StateReadError } from './errors.js'
import { backedUpRuns, describeForeignLines, type LoadedFailureLog, loadFailureLog } from './failure-log.js'
import { ASIDE_MARK, backupOf, readBytes, type StateDeps } from './file-io.js'
import { loadBackup, loadState, restoreBackup } from './load-state.js'
import type { StateLogger } from './logger.js'
import { EMPTY_DOCUMENT, type StateDocument } from './state-document.js'

/** Damage that was found when the files were opened. */
export interface StateDamage {
  readonly path: string
  readonly reason: string
  /** Where the damaged bytes are; equal to `path` when they were left in place. */
  readonly bytesPath: string
  /** The backup supplied the content that is used instead. */
  readonly usedBackup: boolean
}

export interface LoadProgressOptions {
  readonly stateFile: string
  readonly failureLog: string
  readonly logger: StateLogger
  /** Changes nothing on disk and never throws for damage. */
  readonly readOnly: boolean
  /** Leaves damage that no backup can mend to the recovery that follows, instead of throwing. */
  readonly recovering: boolean
  readonly recoverHint: string
}

export interface LoadedProgress {
  readonly state: StateDocument
  readonly log: LoadedFailureLog
  /** The runs of the log, of its backup too when the log is damaged. */
  readonly failures: readonly number[]
  readonly damage: readonly StateDamage[]
}

/**
 * Reads both files and settles damage. Without `readOnly` only for the holder of both locks.
 *
 * @throws StateCorruptionError, StateReadError, StateWriteError
 */
export async function loadProgress(options: LoadProgressOptions, deps: StateDeps): Promise<LoadedProgress> {
  const damage: StateDamage[] = []
  // State before log: a log that is read later holds every failure the state has passed, whatever is committed between.
  const state = await loadCounters(options, damage, deps)
  const { log, failures } = await loadFailures(options, damage, deps)
  return { state, log, failures, damage }
}

async function loadCounters(
  options: LoadProgressOptions,
  damage: StateDamage[],
  deps: StateDeps,
): Promise<StateDocument> {
  const { stateFile: path, logger } = options
  const loaded = await loadState(path, deps)
  if (loaded.kind === 'good') return loaded.document
  if (loaded.kind === 'missing') {
    const bytesPath = await newestAside(path)
    if (bytesPath === undefined) {
      await warnOfLoneBackup(path, logger, deps)
      return EMPTY_DOCUMENT
    }
    report(options, damage, {
      path,
      reason: 'it is missing, and a damaged version was set aside',
      bytesPath,
      usedBackup: false,
    })
    return EMPTY_DOCUMENT
  }
  if (options.readOnly) {
    const backup = await loadBackup(path, deps)
    report(options, damage, { path, reason: loaded.reason, bytesPath: path, usedBackup: backup !== undefined })
    return backup?.document ?? EMPTY_DOCUMENT
  }
  const restored = await restoreBackup(path, deps)
  const bytesPath = restored?.bytesPath ?? path
  report(options, damage, { path, reason: loaded.reason, bytesPath, usedBackup: restored !== undefined })
  return restored?.document ?? EMPTY_DOCUMENT
}

async function loadFailures(
  options: LoadProgressOptions,
  damage: StateDamage[],
  deps: StateDeps,
): Promise<{ log: LoadedFailureLog; failures: readonly number[] }> {
  const { failureLog: path, logger } = options
  const log = await loadFailureLog(path, deps)
  if (!log.exists) await warnOfLoneBackup(path, logger, deps)
  if (log.damage === undefined) {
    if (log.foreignLines.length > 0) logger.warn(describeForeignLines(path, log))
    return { log, failures: log.runs }
  }
  // The backup may lack the last failures, which no counter would lead back to: it can help a recovery but not replace the log.
  report(options, damage, { path, reason: log.damage, bytesPath: path, usedBackup: false })
  return { log, failures: [...log.runs, ...(await backedUpRuns(path, deps))] }
}

function report(options: LoadProgressOptions, damage: StateDamage[], found: StateDamage): void {
  if (!found.usedBackup && !options.readOnly && !options.recovering) {
    throw new StateCorruptionError({ ...found, hint: options.recoverHint })
  }
  damage.push(found)
  const answer = found.usedBackup ? `; '${backupOf(found.path)}' is used instead` : ''
  const where = found.bytesPath === found.path ? '' : `; the damaged bytes are in '${found.bytesPath}'`
  options.logger.error(`'${found.path}' is damaged: ${found.reason}${answer}${where}`)
}

async function newestAside(path: string): Promise<string | undefined> {
  const prefix = `${basename(path)}${ASIDE_MARK}`
  try {
    const names = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix)).sort()
    const newest = names.at(-1)
    return newest === undefined ? undefined : join(dirname(path), newest)
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return undefined
    throw new StateReadError(dirname(path), error)
  }
}

async function warnOfLoneBackup(path: string, logger: StateLogger, deps: StateDeps): Promise<void> {
  const backup = await readBytes(backupOf(path), deps).catch(() => undefined)
  if (backup !== undefined) logger.warn(`'${path}' is missing, though '${backupOf(path)}' is there; it counts as empty`)
}
