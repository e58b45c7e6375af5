import type { RunEnd } from './runner.js'
import type { RunCounts } from './statistics.js'

/** What one locator has left. */
export interface LocatorLeft {
  readonly locator: string
  /** Can be begun now; left by a limit or an interruption. */
  readonly ready: number
  /** Wait for their next attempt. */
  readonly retries: number
  /** With other processes, or with one that was killed and whose time is not over. */
  readonly leased: number
  /** Were given up, in this run or before. */
  readonly givenUp: number
  /** When the first of those that wait may be begun, ISO-8601 UTC; `null` when nothing waits, or something is ready now. */
  readonly nextAttemptAt: string | null
  /** When the first of the `retries` may be made again, ISO-8601 UTC; `null` without any. */
  readonly nextRetryAt: string | null
}

export interface RunResult {
  readonly name: string
  readonly startedAt: string
  readonly seconds: number
  /**
   * `finished`: nothing is left to do now. `waiting`: the next attempt is too far away. `limit`, `drained` (interrupted), `stopped` (interrupted twice):
   * called off before the end. `failed`: a locator could not go on.
   */
  readonly end: RunEnd['reason']
  readonly counts: RunCounts
  readonly left: readonly LocatorLeft[]
  /** Locators that could not go on. */
  readonly errors: readonly {
    readonly locator: string
    readonly code: string | null
    readonly message: string
    readonly hint: string | null
  }[]
  /** No request was given up since the last run that came to its end, none waits after a failure, and no locator failed. */
  readonly ok: boolean
}

/** What a run would begin with; nothing was written for it. */
export interface RunPlan {
  readonly name: string
  readonly dryRun: true
  /** Requests that would be made first; those that follow from their answers are not known. */
  readonly requests: readonly { readonly locator: string; readonly id: string; readonly name: string }[]
  /** There are more than were asked for. */
  readonly more: boolean
}
