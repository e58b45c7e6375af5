/** The configuration cannot be used. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'ERR_CONFIGURATION'
  readonly path: string
  /** What the operator can do. */
  readonly hint = 'Correct it, name another one with --config, or name the ledger with --state-file'

  constructor(path: string, reason: string, cause?: unknown) {
    super(`Cannot use the configuration '${path}': ${reason}`, cause === undefined ? undefined : { cause })
    this.path = path
  }
}
