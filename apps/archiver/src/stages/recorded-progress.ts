import { RunProgress } from '@holdfast/state'
import type { ArchiverConfig } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'
import { listRunDirectories } from '../record/run-directories.js'

/**
 * Whether a stage has recorded that a run has arrived at its destination, so that the destination must be there. Attempts that all failed made
 * nothing there. Damaged state counts as a yes: better a question too many.
 */
export async function hasRecordedProgress(
  config: ArchiverConfig,
  stage: 'import' | 'migrate',
  logger: Logger,
): Promise<boolean> {
  const { lastContiguousRun, lastAttemptedRun, failures, damage } = await look(stage)
  if (lastContiguousRun > 0 || damage.length > 0) return true
  if (lastAttemptedRun === 0) return false
  // The sequence has not begun while its lowest run is a failed one, whatever arrived above that.
  const failed = new Set(failures)
  if (!failed.has(lastAttemptedRun)) return true
  if (stage === 'import' && (await look('migrate')).lastAttemptedRun > 0) return true
  if (stage === 'migrate') for (const run of (await look('import')).failures) failed.add(run)
  try {
    const runs = [...(await listRunDirectories(config.runRecordsDir)).keys()]
    return runs.some((run) => run <= lastAttemptedRun && !failed.has(run))
  } catch {
    return true
  }

  async function look(at: 'import' | 'migrate'): Promise<RunProgress> {
    // It holds nothing open in this mode, and what it read stays readable.
    await using progress = await RunProgress.open({ ...config[at], readOnly: true, logger })
    return progress
  }
}
