import type { ExitCode } from './cli/exit-codes.js'

/** What goes to standard output, in both forms, and the exit code it stands for. */
export interface Execution {
  readonly text: string
  readonly document: object
  readonly exitCode: ExitCode
}
