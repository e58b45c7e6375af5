/** A configuration cannot be used; the message lists every mistake with its line. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'ERR_FETCHER_CONFIG'
  readonly path: string
  readonly hint: string | undefined

  constructor(path: string, message: string, options: ErrorOptions & { readonly hint?: string } = {}) {
    super(message, options)
    this.path = path
    this.hint = options.hint
  }
}

/** There is no configuration of this name. */
export class UnknownFetcherError extends Error {
  override readonly name = 'UnknownFetcherError'
  readonly code = 'ERR_FETCHER_UNKNOWN'
  readonly fetcher: string
  readonly hint: string

  constructor(fetcher: string, known: readonly string[], suggestion: string) {
    super(`There is no configuration '${fetcher}'${suggestion}`)
    this.fetcher = fetcher
    this.hint = `There are: ${known.join(', ')}; name the folder of others with --config-dir`
  }
}

/** A credential is missing, or its file cannot be trusted. No credential is ever part of the message. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError'
  readonly code = 'ERR_FETCHER_CREDENTIALS'
  readonly hint: string

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.hint = hint
  }
}

/** The second interruption: what is under way is given back. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError'
  readonly code = 'ERR_FETCHER_STOPPED'

  constructor() {
    super('The run was stopped')
  }
}
