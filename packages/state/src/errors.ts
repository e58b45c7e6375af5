/** A file exists but could not be read (permissions, input/output error). It is not taken for damage and never moved. */
export class StateReadError extends Error {
  override readonly name = 'StateReadError'
  readonly code = 'ERR_STATE_READ'
  readonly path: string
  /** What the operator can do, when that is known. */
  readonly hint: string | undefined

  constructor(path: string, cause: unknown) {
    super(`Cannot read '${path}': ${messageOf(cause)}`, { cause })
    this.path = path
    this.hint = hintFor(cause, READ_HINTS)
  }
}

/** A file could not be replaced. The old file is as it was, unless only the last sync of its folder failed. */
export class StateWriteError extends Error {
  override readonly name = 'StateWriteError'
  readonly code = 'ERR_STATE_WRITE'
  readonly path: string
  /** What the operator can do, when that is known. */
  readonly hint: string | undefined

  constructor(path: string, cause: unknown) {
    super(`Cannot write '${path}': ${messageOf(cause)}`, { cause })
    this.path = path
    this.hint = hintFor(cause, WRITE_HINTS)
  }
}

/** A file was read but makes no sense, and no backup could safely take its place. Nothing was changed. */
export class StateCorruptionError extends Error {
  override readonly name = 'StateCorruptionError'
  readonly code = 'ERR_STATE_CORRUPT'
  readonly path: string
  readonly reason: string
  /** Where the damaged bytes are now; equal to `path` when they were left in place. */
  readonly bytesPath: string
  /** What the operator can do. */
  readonly hint: string

  constructor(options: {
    readonly path: string
    readonly reason: string
    readonly bytesPath: string
    readonly hint: string
  }) {
    const where =
      options.bytesPath === options.path ? 'it was left in place' : `its bytes are in '${options.bytesPath}'`
    super(`'${options.path}' is damaged: ${options.reason}; ${where}`)
    this.path = options.path
    this.reason = options.reason
    this.bytesPath = options.bytesPath
    this.hint = options.hint
  }
}

/** A release cannot go from its status to the one wanted. Nothing was changed. */
export class InvalidStatusTransitionError extends Error {
  override readonly name = 'InvalidStatusTransitionError'
  readonly code = 'ERR_INVALID_STATUS_TRANSITION'
  readonly id: string | undefined
  readonly current: string
  readonly wanted: string
  readonly allowed: readonly string[]
  /** What the operator can do. */
  readonly hint = 'Do the stages in their order, or clear the release (or one stage of it) to do it again'

  constructor(options: {
    readonly id?: string | undefined
    readonly current: string
    readonly wanted: string
    readonly allowed: readonly string[]
  }) {
    const { id, current, wanted, allowed } = options
    const whose = id === undefined ? '' : ` of '${id}'`
    super(
      `Cannot change the status${whose} from ${current} to ${wanted}; allowed from ${current}: ${allowed.join(', ')}`,
    )
    this.id = id
    this.current = current
    this.wanted = wanted
    this.allowed = allowed
  }
}

/** The ledger was written by a newer program. It is neither used nor changed, because what that program added would be lost. */
export class LedgerVersionError extends Error {
  override readonly name = 'LedgerVersionError'
  readonly code = 'ERR_LEDGER_VERSION'
  readonly path: string
  readonly version: number
  /** What the operator can do. */
  readonly hint = 'Use the program that wrote it, or a newer release of this one'

  constructor(path: string, version: number, supported: number) {
    super(`'${path}' has schema version ${version}, and this program knows versions up to ${supported}`)
    this.path = path
    this.version = version
  }
}

/** Pruning would remove releases because a whole folder is gone or empty, as that of a disk that is not mounted. Nothing was removed. */
export class MissingRootError extends Error {
  override readonly name = 'MissingRootError'
  readonly code = 'ERR_MISSING_ROOT'
  readonly roots: readonly string[]
  /** The releases whose files should be below them. */
  readonly ids: readonly string[]
  /** What the operator can do. */
  readonly hint = 'Mount what belongs there and prune again; if the files are really gone, force it'

  constructor(roots: readonly string[], ids: readonly string[]) {
    const folders = roots.map((root) => `'${root}'`).join(', ')
    super(`Refused to prune ${ids.length} releases whose folder is missing or empty as a whole: ${folders}`)
    this.roots = roots
    this.ids = ids
  }
}

/** The place a ledger is to be written to is taken. Nothing was changed. */
export class LedgerExistsError extends Error {
  override readonly name = 'LedgerExistsError'
  readonly code = 'ERR_LEDGER_EXISTS'
  readonly path: string
  /** What the operator can do. */
  readonly hint = 'Choose another path, or ask for the file to be replaced'

  constructor(path: string) {
    super(`'${path}' exists already`)
    this.path = path
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Imports nothing, so that who only needs the classes loads nothing else. */
function hintFor(cause: unknown, hints: Readonly<Record<string, string>>): string | undefined {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined
  return typeof code === 'string' ? hints[code] : undefined
}

const PERMISSION_HINT = 'Check the owner and the permissions of the file and of its folder'

const READ_HINTS: Readonly<Record<string, string>> = {
  EACCES: PERMISSION_HINT,
  EPERM: PERMISSION_HINT,
  EIO: 'Check the disk and its file system before anything else is written to it',
  EISDIR: 'The path names a folder; correct the path or move the folder away',
}

const WRITE_HINTS: Readonly<Record<string, string>> = {
  EACCES: PERMISSION_HINT,
  EPERM: PERMISSION_HINT,
  EROFS: 'The file system is mounted read-only; mount it writable or use another folder',
  ENOSPC: 'Free space on the file system and run again; what was recorded before is still there',
  EDQUOT: 'Free space within the quota and run again; what was recorded before is still there',
  EFBIG: 'Raise the file size limit of the process (ulimit -f) and run again',
  EIO: 'Check the disk and its file system before anything else is written to it',
  ERR_NOT_A_REGULAR_FILE: 'The path names a folder or device; correct the path or move it away',
}
