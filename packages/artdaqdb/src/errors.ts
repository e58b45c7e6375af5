/** The database URI is missing, not one this package understands, or one that the original tools would read differently. */
export class DatabaseUriError extends Error {
  override readonly name = 'DatabaseUriError'
  readonly code = 'ERR_ARTDAQDB_URI'
  readonly hint: string

  constructor(message: string, hint: string) {
    super(message)
    this.hint = hint
  }
}

/** The URI names a provider that this package does not have. */
export class ProviderUnavailableError extends Error {
  override readonly name = 'ProviderUnavailableError'
  readonly code = 'ERR_ARTDAQDB_PROVIDER'
  readonly provider: string
  readonly hint: string

  constructor(provider: string, hint: string) {
    super(`Cannot open a '${provider}' database: this provider is not built in`)
    this.provider = provider
    this.hint = hint
  }
}

/** The database folder, or a file in it, cannot be read or written: missing, no permission, read-only, disk full. Nothing is half done. */
export class DatabaseUnavailableError extends Error {
  override readonly name = 'DatabaseUnavailableError'
  readonly code = 'ERR_ARTDAQDB_UNAVAILABLE'
  readonly path: string
  readonly hint: string

  constructor(action: string, path: string, reason: string, hint: string, cause?: unknown) {
    super(`Cannot ${action} '${path}': ${reason}`, { cause })
    this.path = path
    this.hint = hint
  }
}

/** A file of the database is missing or does not have the form it must have. It was left as it is. */
export class DatabaseDamagedError extends Error {
  override readonly name = 'DatabaseDamagedError'
  readonly code = 'ERR_ARTDAQDB_DAMAGED'
  readonly path: string
  /** Offset in bytes of the first wrong byte, where that can be said. */
  readonly offset: number | undefined
  readonly hint: string

  constructor(path: string, reason: string, hint: string, offset?: number, cause?: unknown) {
    super(`Cannot use '${path}': ${reason}${offset === undefined ? '' : ` at offset ${offset}`}`, { cause })
    this.path = path
    this.offset = offset
    this.hint = hint
  }
}

/** The database was written in a form that this version does not know. Nothing was changed. */
export class UnsupportedDatabaseError extends Error {
  override readonly name = 'UnsupportedDatabaseError'
  readonly code = 'ERR_ARTDAQDB_UNSUPPORTED'
  readonly path: string
  readonly hint: string

  constructor(path: string, reason: string, hint: string) {
    super(`Cannot use '${path}': ${reason}`)
    this.path = path
    this.hint = hint
  }
}

/** A run, configuration or entity name that would leave its place as a file name, or a path in the database that leads out of it. */
export class UnsafeNameError extends Error {
  override readonly name = 'UnsafeNameError'
  readonly code = 'ERR_ARTDAQDB_UNSAFE_NAME'
  readonly value: string

  constructor(kind: string, value: string, reason: string) {
    super(`Refuse the ${kind} ${JSON.stringify(value)}: ${reason}`)
    this.value = value
  }
}

/** No configuration of this run is in the database. */
export class RunNotFoundError extends Error {
  override readonly name = 'RunNotFoundError'
  readonly code = 'ERR_ARTDAQDB_RUN_NOT_FOUND'
  readonly run: number

  constructor(run: number, uri: string) {
    super(`Cannot find run ${run} in '${uri}'`)
    this.run = run
  }
}

/** The run is already stored with another text for some entities. Nothing was written. */
export class StoredRunConflictError extends Error {
  override readonly name = 'StoredRunConflictError'
  readonly code = 'ERR_ARTDAQDB_CONFLICT'
  readonly run: number
  readonly configuration: string
  readonly entities: readonly string[]
  readonly hint =
    "Export the run and compare; to keep what is stored and add only what is missing, store it with onConflict 'keep'"

  constructor(run: number, configuration: string, entities: readonly string[]) {
    super(`Cannot store run ${run}: '${configuration}' already holds other text for ${entities.join(', ')}`)
    this.run = run
    this.configuration = configuration
    this.entities = entities
  }
}

/** The database was opened for reading only, or has been closed. */
export class DatabaseClosedError extends Error {
  override readonly name = 'DatabaseClosedError'
  readonly code = 'ERR_ARTDAQDB_CLOSED'

  constructor(action: string, uri: string, state: 'closed' | 'open for reading only') {
    super(`Cannot ${action} '${uri}': it is ${state}`)
  }
}
