/** A failure that the operator can do something about. */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError'
  readonly code: string
  readonly hint: string | undefined

  constructor(
    message: string,
    {
      hint,
      code = 'ERR_PIPELINE',
      cause,
    }: { readonly hint?: string; readonly code?: string; readonly cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}
