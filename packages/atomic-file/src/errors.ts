/** A file could not be written, replaced or made durable. `code` is the operating system's own (`ENOSPC`, `EACCES`, …). */
export class AtomicFileError extends Error {
  override readonly name = 'AtomicFileError'
  readonly code: string
  readonly path: string
  /** What to do about it, where that is known. */
  readonly hint?: string

  constructor(action: string, path: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(`Cannot ${action} '${path}': ${reason}`, { cause })
    this.code = errorCode(cause) ?? 'ERR_ATOMIC_FILE'
    this.path = path
    const hint = HINTS.get(this.code)
    if (hint !== undefined) this.hint = hint
  }
}

const HINTS: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'Free some space on this file system and try again'],
  ['EDQUOT', 'Free some of the disk quota and try again'],
  ['EFBIG', 'Raise the file size limit (ulimit -f) and try again'],
  ['EROFS', 'Mount the file system writable or choose another folder'],
  ['EACCES', 'Give this user write and read permission on the folder'],
  ['EXDEV', 'Choose two names, or a tempDirectory, on one file system'],
  ['EBUSY', 'Mount the folder instead of the single file: a mount point cannot be replaced'],
])

/** The target exists but is a directory, device, socket or pipe, which a rename would destroy. */
export class NotARegularFileError extends Error {
  override readonly name = 'NotARegularFileError'
  readonly code = 'ERR_NOT_A_REGULAR_FILE'
  readonly path: string

  constructor(path: string) {
    super(`Cannot write '${path}': it is not a regular file`)
    this.path = path
  }
}

/** The bytes of a text file are not UTF-8. Nothing was changed. */
export class InvalidUtf8Error extends Error {
  override readonly name = 'InvalidUtf8Error'
  readonly code = 'ERR_INVALID_UTF8'
  readonly path: string
  /** Offset in bytes of the first byte that cannot be part of UTF-8 text. */
  readonly offset: number

  constructor(path: string, offset: number) {
    super(`Cannot read '${path}' as text: the byte at offset ${offset} is not valid UTF-8`)
    this.path = path
    this.offset = offset
  }
}

/** The `code` of an error, when it has one. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** An error with a code of the system's kind, for what is found out before the system would. */
export function codedError(code: string, reason: string): Error {
  return Object.assign(new Error(`${code}: ${reason}`), { code })
}
