import { errorCode } from '@holdfast/atomic-file'
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

/** Nobody can be served at this address. */
export class ServeError extends Error {
  override readonly name = 'ServeError'
  readonly code = 'ERR_FETCHER_SERVE'
  readonly hint = 'Name another port or address, or end the program that has it'

  constructor(host: string, port: number, cause: unknown) {
    super(`Cannot listen on ${host}:${port}: ${WHY[errorCode(cause) ?? ''] ?? String(errorCode(cause))}`, { cause })
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody else does',
  EADDRNOTAVAIL: 'it is no address of this machine',
  EACCES: 'that is not allowed',
}
