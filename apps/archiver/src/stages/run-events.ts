import type { StageOutcome } from './run-pipeline.js'
import type { Stage } from './stage.js'

/** What one execution did with one run in one stage. */
export interface RunEvent {
  /** When it was recorded, ISO-8601 in UTC. */
  readonly at: string
  readonly executionId: string
  readonly stage: Stage['name']
  readonly run: number
  readonly outcome: 'succeeded' | 'failed'
  /** Of this execution. */
  readonly attempts: number
  /** All attempts and the pauses between them. */
  readonly durationMs: number
  /** What was moved. */
  readonly bytes?: number
  readonly error?: string
  readonly errorCode?: string
}

/** Is told what happened, after it has become durable. What it throws is a warning in the log and changes nothing. */
export interface ArchiverObserver {
  runFinished?(event: RunEvent): void | Promise<void>
  /** Also of a stage that could not go on. */
  stageFinished?(outcome: StageOutcome): void | Promise<void>
}
