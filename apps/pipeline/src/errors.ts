export interface PipelineErrorOptions extends ErrorOptions {
  readonly hint?: string | undefined
}

class HintedError extends Error {
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, { hint, ...options }: PipelineErrorOptions = {}) {
    super(message, options)
    this.hint = hint
  }
}

/** The definition of a pipeline cannot be used; the message names the file, the place and the reason of every mistake. */
export class DefinitionError extends HintedError {
  override readonly name: string = 'DefinitionError'
  readonly code = 'ERR_PIPELINE_DEFINITION'
}

/** What was asked for cannot be: no such phase, no such input. */
export class SelectionError extends HintedError {
  override readonly name: string = 'SelectionError'
  readonly code = 'ERR_PIPELINE_SELECTION'
}

/** The input is not what the state knows under its id. */
export class InputError extends HintedError {
  override readonly name: string = 'InputError'
  readonly code = 'ERR_PIPELINE_INPUT'
}

/** Another process runs the same input. */
export class RunConflictError extends HintedError {
  override readonly name: string = 'RunConflictError'
  readonly code = 'ERR_PIPELINE_RUNNING'
}

/** A program that a phase needs is not there: nothing was run. */
export class MissingProgramError extends HintedError {
  override readonly name: string = 'MissingProgramError'
  readonly code = 'ERR_PIPELINE_PROGRAM'
}

/** What went wrong in an attempt at a phase or an item. */
export type FailureKind =
  | 'ExitCode'
  | 'Signal'
  | 'Timeout'
  | 'NotStarted'
  | 'MissingInput'
  | 'MissingOutput'
  | 'BadOutput'
  | 'CheckFailed'
  | 'Exception'
  | 'Cancelled'

/** An attempt that failed: recorded, and perhaps tried again. */
export class AttemptError extends HintedError {
  override readonly name: string = 'AttemptError'
  readonly code = 'ERR_PIPELINE_ATTEMPT'
  readonly kind: FailureKind
  readonly exitCode: number | undefined
  readonly signal: string | undefined

  constructor(
    kind: FailureKind,
    message: string,
    options: PipelineErrorOptions & {
      readonly exitCode?: number | undefined
      readonly signal?: string | undefined
    } = {},
  ) {
    super(message, options)
    this.kind = kind
    this.exitCode = options.exitCode
    this.signal = options.signal
  }
}
