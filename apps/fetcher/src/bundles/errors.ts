/** A bundle cannot be completed as it is: a resource failed and was not added again, or bytes are not what was announced. */
export class BundleIncompleteError extends Error {
  override readonly name = 'BundleIncompleteError'
  readonly code = 'ERR_BUNDLE_INCOMPLETE'
  /** The resource, as the caller named it. */
  readonly resource: string

  constructor(resource: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.resource = resource
  }
}

/** An archive is broken, hostile, or larger than its limits; nothing of it is kept. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError'
  readonly code = 'ERR_ARCHIVE'
  readonly archive: string
  readonly reason: ArchiveProblem
  readonly hint?: string

  constructor(
    archive: string,
    reason: ArchiveProblem,
    message: string,
    options: ErrorOptions & { hint?: string } = {},
  ) {
    super(message, options)
    this.archive = archive
    this.reason = reason
    if (options.hint !== undefined) this.hint = options.hint
  }
}

/** `broken` and `unsupported` tell of the archive, `unsafe-name` of an entry that would leave its folder, the others of limits. */
export type ArchiveProblem = 'broken' | 'unsupported' | 'unsafe-name' | 'too-large' | 'ratio' | 'too-many-entries'

/** The place where bundles are kept did not do what it was asked for. */
export class BundleStoreError extends Error {
  override readonly name = 'BundleStoreError'
  readonly code = 'ERR_BUNDLE_STORE'
  /** What it was about: a path or a URL of the storage. */
  readonly location: string

  constructor(action: string, location: string, cause: unknown) {
    super(`Cannot ${action} '${location}': ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.location = location
  }
}
