import ssh2 from 'ssh2'
import { type HostKeys, parseHostKeys } from './host-keys.js'

export interface SftpConnectionOptions {
  readonly host: string
  /** @default 22 */
  readonly port?: number | undefined
  readonly username: string
  /** Also given where the server asks for it as a question (keyboard-interactive). */
  readonly password?: string | undefined
  /** The text of the key, not its path. */
  readonly privateKey?: string | undefined
  readonly passphrase?: string | undefined
  /** What the server's key must be one of: `SHA256:…`, a public key, or lines of known_hosts. Needed unless `acceptAnyHostKey`. */
  readonly hostKeys?: readonly string[] | undefined
  /** Talks to whoever answers, and gives them the password. @default false */
  readonly acceptAnyHostKey?: boolean | undefined
  /** Connections at one time. @default 2 */
  readonly maxConnections?: number | undefined
  /** Attempts to connect before an operation fails; refused passwords and keys, and a wrong host key, are not tried again. @default 5 */
  readonly connectAttempts?: number | undefined
  /** The wait before the second attempt, doubled from one to the next; at least half of it passes. @default 1_000 */
  readonly reconnectDelayMs?: number | undefined
  /** @default 60_000 */
  readonly maxReconnectDelayMs?: number | undefined
  /** Of one attempt, login included. @default 20_000 */
  readonly connectTimeoutMs?: number | undefined
  /** A request without an answer for so long ends the connection. @default 30_000 */
  readonly stallTimeoutMs?: number | undefined
}

/** Checked, with its defaults. */
export interface SftpSettings {
  readonly host: string
  readonly port: number
  readonly username: string
  readonly password: string | undefined
  readonly privateKey: string | undefined
  readonly passphrase: string | undefined
  /** `undefined`: any. */
  readonly hostKeys: HostKeys | undefined
  readonly maxConnections: number
  readonly connectAttempts: number
  readonly reconnectDelayMs: number
  readonly maxReconnectDelayMs: number
  readonly connectTimeoutMs: number
  readonly stallTimeoutMs: number
}

/** @throws TypeError or RangeError for settings that cannot be meant; secrets are not part of the message */
export function checkConnectionOptions(options: SftpConnectionOptions): SftpSettings {
  const { host, port = 22, username, password, privateKey, passphrase, hostKeys, acceptAnyHostKey = false } = options
  if (host === '') throw new TypeError("'host' must be the name or address of a server, not ''")
  if (username === '') throw new TypeError("'username' must not be empty")
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new RangeError(`'port' must be 1 to 65535, not ${port}`)
  if (password === undefined && privateKey === undefined) throw new TypeError("Give 'password' or 'privateKey'")
  if (privateKey !== undefined) checkPrivateKey(privateKey, passphrase)
  if (acceptAnyHostKey && hostKeys !== undefined) throw new TypeError("Give 'hostKeys' or 'acceptAnyHostKey', not both")
  if (!acceptAnyHostKey && (hostKeys === undefined || hostKeys.length === 0)) {
    throw new TypeError(
      `Give 'hostKeys' of '${host}', such as its 'SHA256:…' from ssh-keyscan ${host} | ssh-keygen -lf -`,
    )
  }
  return {
    host,
    port,
    username,
    password,
    privateKey,
    passphrase,
    hostKeys: hostKeys === undefined ? undefined : parseHostKeys(hostKeys, host, port),
    maxConnections: whole('maxConnections', options.maxConnections ?? 2),
    connectAttempts: whole('connectAttempts', options.connectAttempts ?? 5),
    reconnectDelayMs: whole('reconnectDelayMs', options.reconnectDelayMs ?? 1_000),
    maxReconnectDelayMs: whole('maxReconnectDelayMs', options.maxReconnectDelayMs ?? 60_000),
    connectTimeoutMs: whole('connectTimeoutMs', options.connectTimeoutMs ?? 20_000),
    stallTimeoutMs: whole('stallTimeoutMs', options.stallTimeoutMs ?? 30_000),
  }
}

/** The library's messages do not quote the key. */
function checkPrivateKey(privateKey: string, passphrase: string | undefined): void {
  const key = ssh2.utils.parseKey(privateKey, passphrase)
  if (key instanceof Error) throw new TypeError(`'privateKey' cannot be used: ${key.message}`)
  if (!(Array.isArray(key) ? key[0] : key)?.isPrivateKey()) throw new TypeError("'privateKey' is a public key")
}

function whole(name: string, value: number): number {
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`'${name}' must be a whole number from 1, not ${value}`)
  return value
}
