/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_USAGE'
}

/** The operator called it off. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
  readonly code = 'ERR_INTERRUPTED'
}

export interface AdviceOptions {
  /** What to do, in words; followed by the command if there is one. */
  readonly hint?: string | undefined
  /** What to run, ready for a shell. */
  readonly command?: string | undefined
  readonly code?: string | undefined
  readonly cause?: unknown
}

/** A failure that the operator can do something about, told for a command line. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError'
  readonly code: string
  readonly hint: string | undefined
  readonly command: string | undefined

  constructor(message: string, { hint, command, code = 'ERR_STATE', cause }: AdviceOptions = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
    this.command = command
  }
}
