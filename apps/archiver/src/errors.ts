/** A mistake in the configuration file. Nothing was touched. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError'
  readonly code = 'ERR_CONFIGURATION'
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** A folder or file that the archiver reads its runs from is not there or not readable. */
export class SourceUnavailableError extends Error {
  override readonly name = 'SourceUnavailableError'
  readonly code = 'ERR_SOURCE_UNAVAILABLE'
  readonly path: string
  readonly hint: string

  constructor(path: string, message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
    this.hint = hint
  }
}

/** The record was written to, moved or removed while it was read. A later attempt may succeed. */
export class RunRecordChangedError extends Error {
  override readonly name = 'RunRecordChangedError'
  readonly code = 'ERR_RUN_RECORD_CHANGED'
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.path = path
  }
}

/** A store that the state speaks of is not there: not mounted, moved, or a wrong address. */
export class StoreMissingError extends Error {
  override readonly name = 'StoreMissingError'
  readonly code = 'ERR_ARCHIVE_MISSING'
  readonly location: string
  readonly hint: string

  constructor(location: string, stateFile: string) {
    super(`There is nothing at '${location}', although '${stateFile}' says that runs were taken there`)
    this.location = location
    this.hint = `Is its disk mounted, and its address right? To begin anew on purpose, move '${stateFile}' away`
  }
}

/** What was read back from an archive is not what was put there. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError'
  readonly code = 'ERR_VERIFICATION'
}

/** The run history is there, but the system refuses to read it. Nothing else depends on it. */
export class HistoryUnreadableError extends Error {
  override readonly name = 'HistoryUnreadableError'
  readonly code = 'ERR_HISTORY_UNREADABLE'
  readonly path: string
  readonly hint = 'Check its permissions; it may also be moved away, and a new one begins with the next execution'

  constructor(path: string, cause: unknown) {
    super(`Cannot read the run history '${path}': ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.path = path
  }
}

/** A run was to be unpacked where something is already. Nothing was written. */
export class ExtractTargetError extends Error {
  override readonly name = 'ExtractTargetError'
  readonly code = 'ERR_EXTRACT_TARGET'
  readonly path: string
  readonly hint = 'Name a folder that does not exist yet, or an empty one'

  constructor(path: string, cause?: unknown) {
    super(`Cannot extract into '${path}': it is there already and is not an empty folder`, { cause })
    this.path = path
  }
}

/** An archived run holds a file name that may not be written. Nothing was written. */
export class ExtractNameError extends Error {
  override readonly name = 'ExtractNameError'
  readonly code = 'ERR_EXTRACT_NAME'
  readonly file: string
  readonly hint = "Nothing was extracted; 'archiver show' tells where the blob is, so that a person can look into it"

  constructor(file: string, problem: string, cause?: unknown) {
    super(`Cannot extract the file name ${JSON.stringify(file)}: it ${problem}`, { cause })
    this.file = file
  }
}

/** The command line cannot be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
  readonly code = 'ERR_USAGE'
}

/** A page cannot be written where it was asked for. Nothing was read. */
export class ReportFolderError extends Error {
  override readonly name = 'ReportFolderError'
  readonly code = 'ERR_REPORT_FOLDER'
  readonly path: string
  readonly hint: string

  /** @param folder what is not there; `undefined` when the page's own path is a folder. */
  constructor(path: string, folder: string | undefined) {
    super(
      folder === undefined
        ? `Cannot write the report to '${path}': it is a folder`
        : `Cannot write the report to '${path}': there is no folder '${folder}'`,
    )
    this.path = path
    this.hint = folder === undefined ? 'Name a file in it' : 'Make the folder first, or name another one'
  }
}
