import type { ExitCode } from './exit-codes.js'

/** What a command has found or done. */
export interface CommandResult {
  /** For people, already harmless; each line ends with a line feed. */
  readonly text: string
  /** For programs. */
  readonly document: unknown
  /** About the result, for stderr. */
  readonly notes?: readonly string[]
  /** @default 0 */
  readonly exitCode?: ExitCode
}

/** What a command that changes something needs besides. */
export interface ChangeContext {
  readonly dryRun: boolean
  /** Whether the operator agrees. @throws UsageError when nobody can be asked */
  readonly confirm: (question: string) => Promise<boolean>
  readonly note: (text: string) => void
  readonly signal: AbortSignal
}
