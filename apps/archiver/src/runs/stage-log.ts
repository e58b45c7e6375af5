import { errorCode } from '@holdfast/atomic-file'
import { RunProgress } from '@holdfast/state'
import { explainError } from '../cli/explain-error.js'
import type { StageFiles } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'

/** What the files of one stage say, without taking a lock. */
export interface StageLog {
  readonly failures: readonly number[]
  /** Incremental executions take the runs above this one. */
  readonly startRun: number
  /** What keeps the files from telling the truth. */
  readonly problems: readonly string[]
}

/** Never throws for damage or for files that cannot be read; both are `problems`. */
export async function readStageLog(files: StageFiles, logger: Logger): Promise<StageLog> {
  try {
    await using progress = await RunProgress.open({ ...files, readOnly: true, logger })
    const problems = progress.damage.map(
      ({ path, reason, usedBackup }) => `'${path}' is damaged: ${reason}${usedBackup ? ' (its backup was read)' : ''}`,
    )
    return { failures: progress.failures, startRun: progress.incrementalStartRun, problems }
  } catch (error) {
    if (errorCode(error)?.startsWith('ERR_STATE') !== true) throw error
    return { failures: [], startRun: 0, problems: [explainError(error)] }
  }
}
