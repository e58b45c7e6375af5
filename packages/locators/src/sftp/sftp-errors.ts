import type { FetchErrorFields } from '../errors.js'

/** The server has another host key than the ones that were named: it is not the server it was, or somebody stands in between. Nothing was sent to it. */
export class SftpHostKeyError extends Error implements FetchErrorFields {
  override readonly name = 'SftpHostKeyError'
  readonly code = 'ERR_SFTP_HOST_KEY'
  readonly retryable = false
  readonly host: string
  readonly port: number
  /** `SHA256:…` of the key that it has. */
  readonly fingerprint: string
  readonly hint: string

  constructor(host: string, port: number, keyType: string, fingerprint: string) {
    super(`The server '${host}:${port}' shows the host key ${keyType} ${fingerprint}, which is none of 'hostKeys'`)
    this.host = host
    this.port = port
    this.fingerprint = fingerprint
    this.hint = `Ask whoever runs the server for its fingerprint; only if it is this one, put '${fingerprint}' into 'hostKeys'`
  }
}

/** The server does not take the user's password or key. */
export class SftpAuthError extends Error implements FetchErrorFields {
  override readonly name = 'SftpAuthError'
  readonly code = 'ERR_SFTP_AUTH'
  readonly retryable = false
  readonly host: string
  readonly port: number
  readonly username: string
  readonly hint = 'Check the user name, and the password or key, that belong to this server'

  constructor(host: string, port: number, username: string, methods: readonly string[], options?: ErrorOptions) {
    super(`The server '${host}:${port}' refused user '${username}' (tried: ${methods.join(', ')})`, options)
    this.host = host
    this.port = port
    this.username = username
  }
}

export type SftpConnectionReason = 'unreachable' | 'lost' | 'timeout'

/** The server could not be reached, or the connection ended, or it stopped answering. It may be better later. */
export class SftpConnectionError extends Error implements FetchErrorFields {
  override readonly name = 'SftpConnectionError'
  readonly code = 'ERR_SFTP_CONNECTION'
  readonly retryable = true
  readonly host: string
  readonly port: number
  readonly reason: SftpConnectionReason

  constructor(host: string, port: number, reason: SftpConnectionReason, what: string, options?: ErrorOptions) {
    super(`${what} ('${host}:${port}')`, options)
    this.host = host
    this.port = port
    this.reason = reason
  }
}

export type SftpStatus = 'no-such-file' | 'permission-denied' | 'unsupported' | 'failure'

/** The server answered a request for a path with an error. */
export class SftpPathError extends Error implements FetchErrorFields {
  override readonly name = 'SftpPathError'
  readonly code = 'ERR_SFTP_PATH'
  readonly retryable: boolean
  readonly path: string
  readonly status: SftpStatus

  constructor(action: string, path: string, status: SftpStatus, options?: ErrorOptions) {
    super(`The server cannot ${action} '${path}': ${status.replaceAll('-', ' ')}`, options)
    this.path = path
    this.status = status
    this.retryable = status === 'failure'
  }
}

/** The size and time of a remote file. */
export interface FileVersion {
  readonly size: number
  /** Whole seconds, as the protocol gives them. */
  readonly mtimeMs: number
}

/** The file is not the one that was listed: it was replaced or written to. What was read of it is worth nothing. */
export class SftpFileChangedError extends Error implements FetchErrorFields {
  override readonly name = 'SftpFileChangedError'
  readonly code = 'ERR_SFTP_FILE_CHANGED'
  /** The version that was asked for will not come back. */
  readonly retryable = false
  readonly path: string
  readonly expected: FileVersion
  readonly found: FileVersion

  constructor(path: string, expected: FileVersion, found: FileVersion) {
    super(`The file '${path}' was ${describe(expected)} when it was listed, and is ${describe(found)} now`)
    this.path = path
    this.expected = expected
    this.found = found
  }
}

function describe({ size, mtimeMs }: FileVersion): string {
  return `${size} bytes of ${new Date(mtimeMs).toISOString()}`
}
