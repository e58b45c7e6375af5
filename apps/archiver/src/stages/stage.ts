import type { StageFiles } from '../config/archiver-config.js'

/** Whether an execution could do something about a run. */
export type InQuestion = (run: number) => boolean

/** One leg of the way: where runs come from, where they go, and how one of them is moved. */
export interface Stage {
  readonly name: 'Import' | 'Migration'
  readonly files: StageFiles
  /** The flag that rebuilds this stage's state. */
  readonly recoverFlag: string
  readonly retryFlag: string
  /** Runs that could be moved. Whether they are whole is looked at closely for those in question only. */
  listSource(isInQuestion: InQuestion): Promise<ReadonlySet<number>>
  /** Runs that have arrived, whole, looked at as those at the source. Comes after `listSource`. */
  listDestination(isInQuestion: InQuestion): Promise<ReadonlySet<number>>
  /**
   * Moves one run. On return it is durable at the destination. Moving a run again that has arrived is harmless.
   */
  moveRun(run: number): Promise<MovedRun>
}

export interface MovedRun {
  /** What was moved: of the import the text that was stored, of the migration the blob. */
  readonly bytes: number
  /** What does not keep the run from being archived, as lines for people. */
  readonly problems: readonly string[]
}

export interface FailedRun {
  readonly run: number
  readonly error: string
}

export interface StageResult {
  readonly stage: Stage['name']
  /** Runs of this execution, in ascending order. */
  readonly succeeded: readonly number[]
  readonly failed: readonly FailedRun[]
  /** Runs of the batch that were not begun because a stop was asked for. */
  readonly notStarted: readonly number[]
  /** Further candidates beyond the batch size. */
  readonly remaining: number
  /** Runs below the start point that were never attempted. */
  readonly late: readonly number[]
  /** Archived runs whose blob lacks metadata, with `--validate`. */
  readonly invalid: readonly FailedRun[]
  /** In a dry run: what would be processed. */
  readonly planned: readonly number[]
}
