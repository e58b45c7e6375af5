import { RunProgress } from '@holdfast/state'
import type { StageFiles } from '../config/archiver-config.js'
import type { Logger } from '../log/logger.js'

/** Whether a stage has recorded that runs were taken to its destination. Damaged state counts as a yes: better a question too many. */
export async function hasRecordedProgress(files: StageFiles, logger: Logger): Promise<boolean> {
  await using progress = await RunProgress.open({ ...files, readOnly: true, logger })
  return progress.lastContiguousRun > 0 || progress.damage.length > 0
}
