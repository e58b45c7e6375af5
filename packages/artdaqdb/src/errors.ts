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

/** The site's tools did not store some files of a run, although the database answers. What they did store is completed by storing the run once more. */
export class RunRefusedError extends Error {
  override readonly name = 'RunRefusedError'
  readonly code = 'ERR_ARTDAQDB_REFUSED'
  readonly run: number
  readonly configuration: string
  /** Names of the files that are not stored. */
  readonly files: readonly string[]
  readonly hint: string

  constructor(configuration: { run: number; full: string }, files: readonly string[], reason: string) {
    const { run, full } = configuration
    super(`Cannot store run ${run}: the bulk loader did not store ${listed(files)} of '${full}'${because(reason)}`)
    this.run = run
    this.configuration = full
    this.files = files
    this.hint = 'Mend the file and store the run once more: what is stored already is kept'
  }
}

/** What is read back of a run is not what was stored. */
export class StoreVerificationError extends Error {
  override readonly name = 'StoreVerificationError'
  readonly code = 'ERR_ARTDAQDB_VERIFICATION'
  readonly run: number
  readonly configuration: string
  readonly entities: readonly string[]
  readonly hint =
    'Export the run and compare; stored text is never replaced, so the database has to be mended by its administrator'

  constructor(configuration: { run: number; full: string }, entities: readonly string[]) {
    const { run, full } = configuration
    super(`Run ${run} was stored, but '${full}' reads back with other text for ${listed(entities)}`)
    this.run = run
    this.configuration = full
    this.entities = entities
  }
}

/** An export lacks files that the database lists for the configuration. Nothing of it was handed out. */
export class IncompleteExportError extends Error {
  override readonly name = 'IncompleteExportError'
  readonly code = 'ERR_ARTDAQDB_INCOMPLETE'
  readonly run: number
  readonly configuration: string
  /** Paths in the export; empty when it is not known which. */
  readonly files: readonly string[]
  readonly hint: string

  constructor(configuration: { run: number; full: string }, files: readonly string[], reason: string) {
    const { run, full } = configuration
    const what = files.length === 0 ? 'not all files' : `not ${listed(files)}`
    super(`Cannot export run ${run}: the bulk downloader delivered ${what} of '${full}'${because(reason)}`)
    this.run = run
    this.configuration = full
    this.files = files
    this.hint = "Look at these documents with the site's tools; import the run once more to complete it"
  }
}

/** A tool took too long for one run and was ended, although the database answers. */
export class ToolTimeoutError extends Error {
  override readonly name = 'ToolTimeoutError'
  readonly code = 'ERR_ARTDAQDB_TIMEOUT'
  readonly run: number
  readonly program: string
  readonly timeoutMs: number
  readonly hint =
    'Give the tools more time, or look at what the database is busy with; the run is completed by storing it once more'

  constructor(run: number, program: string, timeoutMs: number) {
    super(`Ended '${program}' for run ${run} after ${timeoutMs / 1000} seconds`)
    this.run = run
    this.program = program
    this.timeoutMs = timeoutMs
  }
}

/** A job that a database used through the site's tools leaves to the site. */
export class SiteToolsOnlyError extends Error {
  override readonly name = 'SiteToolsOnlyError'
  readonly code = 'ERR_ARTDAQDB_SITE_TOOLS'
  readonly hint: string

  constructor(action: string, location: string, hint: string) {
    super(`Cannot ${action} '${location}': it is used through the site's own tools`)
    this.hint = hint
  }
}

const MAX_LISTED = 10

function listed(names: readonly string[]): string {
  const more = names.length - MAX_LISTED
  return names.slice(0, MAX_LISTED).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

function because(reason: string): string {
  return reason === '' ? '' : ` (${reason})`
}
