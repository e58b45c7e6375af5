import type { BodyFacts } from './run-archive.js'

/** A setting of the archive cannot be used. `option` names the field of `OpenArchiveOptions`. */
export class ArchiveConfigError extends Error {
  override readonly name = 'ArchiveConfigError'
  readonly code = 'ERR_ARCHIVE_CONFIG'
  readonly option: 'serverUrl' | 'folderName' | 'objectName' | 'timeoutMs' | 'writer' | 'tls'
  readonly hint: string

  constructor(option: ArchiveConfigError['option'], message: string, hint: string, options?: ErrorOptions) {
    super(message, options)
    this.option = option
    this.hint = hint
  }
}

/** Nothing is archived under the key. */
export class ArchiveNotFoundError extends Error {
  override readonly name = 'ArchiveNotFoundError'
  readonly code = 'ERR_ARCHIVE_NOT_FOUND'
  readonly key: string
  readonly location: string

  constructor(key: string, location: string) {
    super(`Nothing is archived under key '${key}' in '${location}'`)
    this.key = key
    this.location = location
  }
}

/** What is archived under the key is not what was put there. */
export class ArchiveDamagedError extends Error {
  override readonly name = 'ArchiveDamagedError'
  readonly code = 'ERR_ARCHIVE_DAMAGED'
  readonly key: string
  /** The damaged file, or the address on a server. */
  readonly path: string
  readonly hint: string

  constructor(key: string, path: string, problem: string, options?: ErrorOptions) {
    super(`Archived version '${key}' is damaged: ${problem}: '${path}'`, options)
    this.key = key
    this.path = path
    this.hint = /^https?:/.test(path)
      ? 'A server cannot replace a version; have its administrator move the key aside, then archive it again'
      : `Restore '${path}' from a copy, or move the version's files aside and archive it again`
  }
}

/** The key is taken by other bytes. Nothing was changed. */
export class ArchiveConflictError extends Error {
  override readonly name = 'ArchiveConflictError'
  readonly code = 'ERR_ARCHIVE_CONFLICT'
  readonly key: string
  readonly location: string
  readonly stored: BodyFacts
  readonly offered: BodyFacts
  readonly hint =
    'A version is never replaced; compare the stored one with the new one and settle by hand which is right'

  constructor(key: string, location: string, bodies: { readonly stored: BodyFacts; readonly offered: BodyFacts }) {
    super(
      `Key '${key}' in '${location}' already holds other bytes: stored ${describeBody(bodies.stored)}, ` +
        `offered ${describeBody(bodies.offered)}`,
    )
    this.key = key
    this.location = location
    this.stored = bodies.stored
    this.offered = bodies.offered
  }
}

/** The archive cannot be read or written at present; `cause` is the system's error. */
export class ArchiveUnavailableError extends Error {
  override readonly name = 'ArchiveUnavailableError'
  readonly code = 'ERR_ARCHIVE_UNAVAILABLE'
  /** The file or folder that was refused, or the address of a server. */
  readonly path: string
  readonly hint: string | undefined

  constructor(action: string, path: string, options: ErrorOptions & { readonly hint?: string | undefined }) {
    const reason = options.cause instanceof Error ? `: ${options.cause.message}` : ''
    super(`Could not ${action} '${path}'${reason}`, options)
    this.path = path
    this.hint = options.hint
  }
}

/** The server answered with an error of its own, each time. Often something about this one request, such as a body too large for it. */
export class ArchiveServerError extends Error {
  override readonly name = 'ArchiveServerError'
  readonly code = 'ERR_ARCHIVE_SERVER'
  readonly location: string
  readonly hint = "Look into the server's log"

  constructor(action: string, location: string, message: string) {
    super(`Could not ${action} '${location}': status 500: ${message}`)
    this.location = location
  }
}

/** The server does not let this user write. Another attempt with the same credentials ends alike. */
export class ArchiveAccessError extends Error {
  override readonly name = 'ArchiveAccessError'
  readonly code = 'ERR_ARCHIVE_ACCESS'
  readonly location: string
  readonly hint: string

  constructor(location: string, problem: string, hint = 'Check ucon_db.writer_user and ucon_db.writer_password') {
    super(`The server refuses to write to '${location}': ${problem}`)
    this.location = location
    this.hint = hint
  }
}

/** The archive was used after `close()`. */
export class ArchiveClosedError extends Error {
  override readonly name = 'ArchiveClosedError'
  readonly code = 'ERR_ARCHIVE_CLOSED'
  readonly location: string

  constructor(location: string) {
    super(`The archive '${location}' is closed`)
    this.location = location
  }
}

/** A run blob cannot be built from these files, or these bytes are not a run blob. `problems` lists every reason. */
export class RunBlobError extends Error {
  override readonly name = 'RunBlobError'
  readonly code = 'ERR_RUN_BLOB'
  readonly problems: readonly string[]

  constructor(action: string, problems: readonly string[]) {
    super(`Could not ${action}: ${problems.join('; ')}`)
    this.problems = problems
  }
}

function describeBody(body: BodyFacts): string {
  return `${body.size} bytes with Adler-32 ${body.adler32.toString(16).padStart(8, '0')}`
}
