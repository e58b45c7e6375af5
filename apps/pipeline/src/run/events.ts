import type { AttemptError } from '../errors.js'

/** What a run tells while it goes on. `item` is the id of the item, if it is about one. */
export type RunEvent =
  | {
      readonly type: 'phase-begin'
      readonly phase: string
      readonly reasons: readonly string[]
      readonly items: number | undefined
      /** Of these, the ones that have to be done; 1 without items. */
      readonly todo: number
    }
  | { readonly type: 'phase-end'; readonly phase: string; readonly result: PhaseResult }
  | {
      readonly type: 'attempt-begin'
      readonly phase: string
      readonly item: string | undefined
      readonly attempt: number
      readonly log: string | undefined
    }
  | { readonly type: 'item-end'; readonly phase: string; readonly item: string; readonly status: 'success' | 'failed' }
  | {
      readonly type: 'attempt-failed'
      readonly phase: string
      readonly item: string | undefined
      readonly attempt: number
      readonly error: AttemptError
      readonly retryInMs: number | undefined
    }
  | {
      readonly type: 'progress'
      readonly phase: string
      readonly item: string | undefined
      readonly done: number
      readonly message: string | undefined
    }
  | {
      readonly type: 'warning'
      /** `undefined` when it is about the state. */
      readonly phase: string | undefined
      readonly item: string | undefined
      readonly message: string
    }

/** `unchanged`: done before, and nothing of it has changed. `skipped`: not begun. `cancelled`: called off. */
export type PhaseStatus = 'success' | 'unchanged' | 'partial' | 'failed' | 'skipped' | 'cancelled'

export interface PhaseResult {
  readonly phase: string
  readonly name: string
  readonly status: PhaseStatus
  /** Why it failed or was not begun. */
  readonly reason: string | undefined
  /** The last lines of the output of what failed. */
  readonly tail: string | undefined
  readonly optional: boolean
  /** ISO-8601 UTC. */
  readonly started: string
  readonly durationMs: number
  readonly attempts: number
  readonly items:
    | { readonly total: number; readonly done: number; readonly failed: number; readonly unchanged: number }
    | undefined
}
