import type { ExitCode } from './cli/exit-codes.js'

/** What goes to standard output, in both forms, and the exit code it stands for. */
export interface Execution {
  readonly text: string
  readonly document: object
  readonly exitCode: ExitCode
  /** Runs were taken on, and others wait that the next execution would take. */
  readonly hasMore?: boolean
  /** A stage could not go on at all. */
  readonly isStoreUnavailable?: boolean
  /** Runs were left because their records may still be written. */
  readonly isSettling?: boolean
}
