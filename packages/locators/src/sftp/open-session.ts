import type ssh2 from 'ssh2'
import type { AnyAuthMethod, ConnectConfig, SFTPWrapper } from 'ssh2'
import type { SftpSettings } from './connection-options.js'
import { describeHostKey } from './host-keys.js'
import { SftpAuthError, SftpConnectionError, SftpHostKeyError } from './sftp-errors.js'

/** Connects, checks the host key, logs in and opens SFTP. The client's own events are free again when it resolves. */
export function openSession(client: ssh2.Client, settings: SftpSettings, signal?: AbortSignal): Promise<SFTPWrapper> {
  const { host, port } = settings
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      reject(error)
    }
    const abort = (): void => fail(signal?.reason)
    const unreachable = (reason: 'unreachable' | 'timeout', what: string, cause?: unknown): void =>
      fail(new SftpConnectionError(host, port, reason, what, cause === undefined ? undefined : { cause }))
    const timer = setTimeout(
      () => unreachable('timeout', `No login within ${settings.connectTimeoutMs} ms`),
      settings.connectTimeoutMs,
    )
    signal?.addEventListener('abort', abort, { once: true })
    const methods = authMethods(settings)
    // Every request is small and waits for its answer, which the line would hold back to send them together.
    client.on('connect', () => client.setNoDelay(true))
    client.on('error', (error: Error & { level?: string }) => {
      if (error.level === 'client-authentication') {
        fail(
          new SftpAuthError(
            host,
            port,
            settings.username,
            methods.map(({ type }) => type),
            { cause: error },
          ),
        )
      } else unreachable('unreachable', 'The server cannot be reached', error)
    })
    client.on('close', () => unreachable('unreachable', 'The server ended the connection before the login'))
    client.on('ready', () =>
      client.sftp((error, sftp) => {
        if (error !== undefined) return unreachable('unreachable', 'The server opens no SFTP session', error)
        clearTimeout(timer)
        signal?.removeEventListener('abort', abort)
        for (const event of ['connect', 'error', 'close', 'ready']) client.removeAllListeners(event)
        resolve(sftp)
      }),
    )
    client.connect(toConfig(settings, methods, (key) => fail(hostKeyError(settings, key))))
  })
}

function toConfig(
  settings: SftpSettings,
  methods: readonly AnyAuthMethod[],
  onWrongKey: (key: Buffer) => void,
): ConnectConfig {
  const { host, port, username, hostKeys, connectTimeoutMs, stallTimeoutMs } = settings
  const types = hostKeys?.types
  return {
    host,
    port,
    username,
    readyTimeout: connectTimeoutMs,
    // A line that is silently gone is found out also while nothing is asked.
    keepaliveInterval: Math.ceil(stallTimeoutMs / 2),
    keepaliveCountMax: 2,
    authHandler: [...methods],
    hostVerifier: (key: Buffer): boolean => {
      if (hostKeys === undefined || hostKeys.accepts(key)) return true
      onWrongKey(key)
      return false
    },
    ...(types === undefined ? {} : { algorithms: { serverHostKey: signatureTypes(types) } }),
  }
}

/** An RSA key can sign in three ways, of which the first two are today's. */
function signatureTypes(types: readonly string[]): ssh2.ServerHostKeyAlgorithm[] {
  return types.flatMap((type) =>
    type === 'ssh-rsa' ? ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'] : [type],
  ) as ssh2.ServerHostKeyAlgorithm[]
}

function authMethods({ username, password, privateKey, passphrase }: SftpSettings): AnyAuthMethod[] {
  const methods: AnyAuthMethod[] = []
  if (privateKey !== undefined) {
    methods.push({ type: 'publickey', username, key: privateKey, ...(passphrase === undefined ? {} : { passphrase }) })
  }
  if (password !== undefined) {
    methods.push({ type: 'password', username, password })
    methods.push({
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, answer) =>
        answer(prompts.map(({ echo }) => (echo ? username : password))),
    })
  }
  return methods
}

function hostKeyError({ host, port }: SftpSettings, key: Buffer): SftpHostKeyError {
  const { type, fingerprint } = describeHostKey(key)
  return new SftpHostKeyError(host, port, type, fingerprint)
}
