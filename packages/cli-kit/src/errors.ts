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

/** What was to be shown could not be written, because the disk is full, say. */
export class OutputError extends Error {
  override readonly name = 'OutputError'
  readonly code = 'ERR_OUTPUT'
  /** What the operator can do. */
  readonly hint = 'Free space where the output goes, or send it elsewhere, and run the command again'

  constructor(cause: Error) {
    super(`The result cannot be written to the standard output: ${cause.message}`, { cause })
  }
}
