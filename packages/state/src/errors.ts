import { errorCode } from '@holdfast/atomic-file'

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
    this.hint = READ_HINTS[errorCode(cause) ?? '']
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
    this.hint = WRITE_HINTS[errorCode(cause) ?? '']
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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
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
