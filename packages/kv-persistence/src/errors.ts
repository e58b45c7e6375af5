export type KvBackend = 'memory' | 'sqlite' | 'redis'

/** One setting that cannot be used. Secrets are never part of the message. */
export interface KvConfigProblem {
  /** The field of the options, or the name of the environment variable. */
  readonly option: string
  readonly message: string
}

/** Settings of a store cannot be used; `problems` lists all of them. */
export class KvConfigError extends Error {
  override readonly name = 'KvConfigError'
  readonly code = 'ERR_KV_CONFIG'
  readonly problems: readonly KvConfigProblem[]

  constructor(problems: readonly KvConfigProblem[]) {
    super(
      `The settings of the key-value store cannot be used: ${problems.map((p) => `${p.option}: ${p.message}`).join('; ')}`,
    )
    this.problems = problems
  }
}

/** A value would not come back as it was put, or is too large. Nothing was written. */
export class KvValueError extends Error {
  override readonly name = 'KvValueError'
  readonly code = 'ERR_KV_VALUE'
  readonly key: string
  /** Where in the value, such as `$.items[3].when`. */
  readonly path: string
  readonly hint: string | undefined

  constructor(options: {
    readonly key: string
    readonly path: string
    readonly problem: string
    readonly hint?: string | undefined
  }) {
    super(`The value for key '${options.key}' cannot be stored: ${options.path} ${options.problem}`)
    this.key = options.key
    this.path = options.path
    this.hint = options.hint
  }
}

/** Stored bytes cannot be read: damaged, encrypted with another key, or written by a newer version. They were left as they are. */
export class KvDecodeError extends Error {
  override readonly name = 'KvDecodeError'
  readonly code = 'ERR_KV_DECODE'
  readonly key: string
  readonly hint: string | undefined

  constructor(key: string, problem: string, options: ErrorOptions & { readonly hint?: string } = {}) {
    super(`The value under key '${key}' cannot be read: ${problem}`, options)
    this.key = key
    this.hint = options.hint
  }
}

/** `increment` met a value that is no number, or the sum is not one that can be stored exactly. Nothing was changed. */
export class KvNumberError extends Error {
  override readonly name = 'KvNumberError'
  readonly code = 'ERR_KV_NUMBER'
  readonly key: string

  constructor(key: string, problem: string) {
    super(`Could not increment key '${key}': ${problem}`)
    this.key = key
  }
}

export type KvUnavailableReason =
  /** No connection. */
  | 'disconnected'
  /** No answer before the deadline. */
  | 'timeout'
  /** The disk or the server's memory is full. */
  | 'full'
  /** Another process held the store for the whole deadline. */
  | 'busy'
  /** The system or the server refused; see `cause`. */
  | 'refused'

/**
 * The store cannot be used at present. `outcome` says what became of a change: `not-applied` nothing was written, `unknown` the change was sent
 * and its answer lost, so it may have happened, whole. Reads have no outcome to worry about.
 */
export class KvUnavailableError extends Error {
  override readonly name = 'KvUnavailableError'
  readonly code = 'ERR_KV_UNAVAILABLE'
  readonly backend: KvBackend
  readonly reason: KvUnavailableReason
  readonly outcome: 'not-applied' | 'unknown'
  /** The file, or host and port without credentials. */
  readonly location: string
  readonly hint: string | undefined

  constructor(
    message: string,
    options: ErrorOptions & {
      readonly backend: KvBackend
      readonly reason: KvUnavailableReason
      readonly outcome: 'not-applied' | 'unknown'
      readonly location: string
      readonly hint?: string | undefined
    },
  ) {
    super(message, options)
    this.backend = options.backend
    this.reason = options.reason
    this.outcome = options.outcome
    this.location = options.location
    this.hint = options.hint
  }
}

/** The server does not accept the credentials, or does not allow this user what the store needs. */
export class KvAccessError extends Error {
  override readonly name = 'KvAccessError'
  readonly code = 'ERR_KV_ACCESS'
  readonly location: string
  readonly hint = 'Check user name and password, and that the user may run commands on the keys of the prefix'

  constructor(location: string, problem: string, options?: ErrorOptions) {
    super(`The server '${location}' refuses access: ${problem}`, options)
    this.location = location
  }
}

/** The database file is damaged. It is kept as it is and no longer used; the next `createKvStore` starts with `successor`. */
export class KvCorruptError extends Error {
  override readonly name = 'KvCorruptError'
  readonly code = 'ERR_KV_CORRUPT'
  /** The damaged file, which keeps its name and bytes. */
  readonly path: string
  /** The empty database that takes its place from now on; `undefined` when it could not be made. */
  readonly successor: string | undefined
  readonly hint: string

  constructor(path: string, successor: string | undefined, problem: string, options?: ErrorOptions) {
    super(`The database '${path}' is damaged and was set aside: ${problem}`, options)
    this.path = path
    this.successor = successor
    this.hint =
      successor === undefined
        ? `Move '${path}' away and open the store again`
        : `Open the store again to go on with the empty '${successor}'; to save what can be read: sqlite3 '${path}' .recover`
  }
}

/** The store was used after `close()`. */
export class KvClosedError extends Error {
  override readonly name = 'KvClosedError'
  readonly code = 'ERR_KV_CLOSED'

  constructor(backend: KvBackend) {
    super(`The ${backend} store is closed`)
  }
}

/** A lease is no longer ours: it ran out and the item went to somebody else, or it was settled already. Nothing was changed. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
  readonly code = 'ERR_LEASE_LOST'
  readonly queue: string
  readonly itemId: string
  readonly token: number

  constructor(queue: string, itemId: string, token: number) {
    super(`The lease ${token} on item '${itemId}' of queue '${queue}' is lost`)
    this.queue = queue
    this.itemId = itemId
    this.token = token
  }
}
