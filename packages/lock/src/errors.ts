import type { LockHolder } from './lock-record.js'

/** Why a held lock no longer protects anything, or no longer can be trusted to. */
export type LockLostReason =
  /** The lock file is gone: the next process makes a new one and locks that. */
  | 'removed'
  /** Another file has taken the lock file's name: the next process locks that one. */
  | 'replaced'
  /** The kernel lock is still ours, but somebody wrote over the text (a second start of a program that truncates). */
  | 'overwritten'
  /** The lock file can no longer be looked at (permissions, a lost mount). */
  | 'unreadable'

interface LockErrorOptions extends ErrorOptions {
  readonly path: string
}

/** The lock is held by somebody else, and the caller did not want to wait. */
export class LockExistsError extends Error {
  override readonly name: string = 'LockExistsError'
  readonly code: 'ERR_LOCK_EXISTS' | 'ERR_LOCK_TIMEOUT' = 'ERR_LOCK_EXISTS'
  readonly path: string
  /** What the lock file says about the holder; `undefined` when it says nothing usable. For people, never for decisions. */
  readonly holder: LockHolder | undefined

  constructor(message: string, options: LockErrorOptions & { readonly holder: LockHolder | undefined }) {
    super(message, options)
    this.path = options.path
    this.holder = options.holder
  }
}

/** The lock was still held by somebody else when the caller's `timeoutMs` had passed. */
export class LockTimeoutError extends LockExistsError {
  override readonly name: string = 'LockTimeoutError'
  override readonly code = 'ERR_LOCK_TIMEOUT'
  readonly timeoutMs: number

  constructor(
    message: string,
    options: LockErrorOptions & { readonly holder: LockHolder | undefined; readonly timeoutMs: number },
  ) {
    super(message, options)
    this.timeoutMs = options.timeoutMs
  }
}

/** The lock file could not be opened, read or written; nothing is known about a holder. The reason is `cause.code`. */
export class LockFileError extends Error {
  override readonly name = 'LockFileError'
  readonly code = 'ERR_LOCK_FILE'
  readonly path: string
  readonly hint: string | undefined

  constructor(message: string, options: LockErrorOptions & { readonly hint?: string | undefined }) {
    super(message, options)
    this.path = options.path
    this.hint = options.hint
  }
}

/** The lock was held, but its file was taken away meanwhile: another process may have run at the same time. */
export class LockLostError extends Error {
  override readonly name = 'LockLostError'
  readonly code = 'ERR_LOCK_LOST'
  readonly hint =
    'Check the work done since the lock was taken, and never delete a lock file: the kernel frees the lock'
  readonly path: string
  readonly reason: LockLostReason

  constructor(options: LockErrorOptions & { readonly reason: LockLostReason }) {
    super(`Lock on "${options.path}" is lost: ${LOST_TEXT[options.reason]}`, options)
    this.path = options.path
    this.reason = options.reason
  }
}

/** This platform or file system has no flock(2), so no lock can be given. */
export class LockUnsupportedError extends Error {
  override readonly name = 'LockUnsupportedError'
  readonly code = 'ERR_LOCK_UNSUPPORTED'
  readonly hint = 'Use Linux or macOS and put the lock file on a local disk'
  readonly path: string

  constructor(message: string, options: LockErrorOptions) {
    super(message, options)
    this.path = options.path
  }
}

const LOST_TEXT: Readonly<Record<LockLostReason, string>> = {
  removed: 'the lock file was removed while it was held',
  replaced: 'the lock file was replaced by another file while it was held',
  overwritten: 'another program wrote over the lock file',
  unreadable: 'the lock file can no longer be read',
}
