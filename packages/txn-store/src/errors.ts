/** What every error of the store has in common; catch this one to catch them all. Branch on `code`. */
export class StateError extends Error {
  override readonly name: string = 'StateError'
  readonly code: string
  /** The document. */
  readonly path: string
  /** What to do about it. */
  readonly hint: string | undefined

  constructor(message: string, options: StateErrorOptions, code: string) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.path = options.path
    this.hint = options.hint
  }
}

export interface StateErrorOptions {
  readonly path: string
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** The document, a backup or the journal cannot be read: damaged, not JSON, not an object, or refused by the system. Nothing was changed. */
export class StateReadError extends StateError {
  override readonly name = 'StateReadError'

  constructor(message: string, options: StateErrorOptions) {
    super(message, options, 'ERR_STATE_READ')
  }
}

/** One thing that is wrong with a value. */
export interface StateIssue {
  /** Where, as a JSON Pointer (RFC 6901); empty for the whole document. */
  readonly path: string
  readonly message: string
}

/** The data does not match the schema, or cannot be kept as JSON. Nothing was changed. */
export class StateValidationError extends StateError {
  override readonly name = 'StateValidationError'
  readonly issues: readonly StateIssue[]

  constructor(action: string, issues: readonly StateIssue[], options: StateErrorOptions) {
    const list = issues.map(({ path, message }) => `\n  ${path === '' ? '(the document)' : path}: ${message}`)
    super(`Cannot ${action} '${options.path}':${list.join('')}`, options, 'ERR_STATE_VALIDATION')
    this.issues = issues
  }
}

/** The lock could not be had in time, or the lock file cannot be used. The reason is in `cause`. */
export class StateLockError extends StateError {
  override readonly name = 'StateLockError'

  constructor(message: string, options: StateErrorOptions) {
    super(message, options, 'ERR_STATE_LOCK')
  }
}

/** The commit could not be written (disk full, no permission, …); the document is what it was. `cause.code` is the system's. */
export class StateWriteError extends StateError {
  override readonly name = 'StateWriteError'

  constructor(message: string, options: StateErrorOptions) {
    super(message, options, 'ERR_STATE_WRITE')
  }
}

/** A transaction was used in a way it cannot be: nested, after its end, or on a document that somebody else changed meanwhile. */
export class StateTransactionError extends StateError {
  override readonly name: string = 'StateTransactionError'

  constructor(message: string, options: StateErrorOptions, code: string = 'ERR_STATE_TRANSACTION') {
    super(message, options, code)
  }
}

/** A newer holder of the lock has committed since this transaction took it: its lock was taken away, and its changes would undo theirs. */
export class StaleTokenError extends StateTransactionError {
  override readonly name = 'StaleTokenError'
  /** The token of this transaction's lock, and that of the newest commit. */
  readonly token: number
  readonly newestToken: number

  constructor(tokens: { readonly token: number; readonly newestToken: number }, options: StateErrorOptions) {
    super(
      `Refused to commit to '${options.path}': the lock file was removed or replaced during the transaction, and another process has committed since (token ${tokens.newestToken}, ours is ${tokens.token})`,
      {
        hint: 'Run the transaction again; never delete a lock file, the kernel frees it when its holder ends',
        ...options,
      },
      'ERR_STALE_TOKEN',
    )
    this.token = tokens.token
    this.newestToken = tokens.newestToken
  }
}
