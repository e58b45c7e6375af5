import { readFile } from 'node:fs/promises'
import { errorCode } from '@holdfast/atomic-file'
import type { KvStore } from '@holdfast/kv-persistence'
import { type ApiLocator, createSftpLocator, type SftpConnectionOptions, type SftpLocator } from '@holdfast/locators'
import { atPath, type ConfigPlace, type FetcherConfig } from '../config/load-config.js'
import type { ApiContent, SftpContent } from '../config/schema.js'
import { ConfigurationError } from '../errors.js'
import { apiLocatorOptions } from './api-options.js'
import { ApiSource } from './api-source.js'
import { HiddenErrors } from './hidden-errors.js'
import { makeHttpParts } from './http-parts.js'
import type { Source } from './job.js'
import type { ResultStorage } from './result-storage.js'
import { sftpLocatorOptions } from './sftp-options.js'
import { SftpSource } from './sftp-source.js'
import type { SourceSettings } from './source-settings.js'

export interface SourceParts {
  readonly config: FetcherConfig
  readonly place: ConfigPlace
  readonly settings: SourceSettings & { readonly store: KvStore }
  readonly concurrency: number
  readonly storage: ResultStorage
  /** Asked for once, if anything is downloaded in parts. */
  readonly partialFolder: () => Promise<string>
  readonly onBytes: (bytes: number) => void
}

/** @throws CredentialsError, ConfigurationError */
export async function makeSources(parts: SourceParts): Promise<Source[]> {
  const { config, place, settings, storage, concurrency, onBytes } = parts
  const hidden = new HiddenErrors(config.credentials)
  const sources: Source[] = []
  try {
    for (const content of config.locators) {
      const common = { storage, hidden, leaseSeconds: settings.leaseSeconds }
      if (content.type === 'api') {
        const http = await makeHttpParts(content, config, settings.store, concurrency)
        const locator = apiLocatorOptions(content, settings).make()
        sources.push(new ApiSource({ ...common, content, locator, ...http }))
      } else {
        const login = await makeLogin(content, config, place)
        const locator = makeLocator(config, () => createSftpLocator(sftpLocatorOptions(content, settings, login)))
        const partialFolder = await parts.partialFolder()
        sources.push(new SftpSource({ ...common, content, locator, partialFolder, onBytes }))
      }
    }
    return sources
  } catch (error) {
    for (const source of sources) await source.close()
    throw error
  }
}

/** To look at what is stored, and to change it; nothing is connected and no credential is needed. */
export function makeOfflineLocators(config: FetcherConfig, settings: SourceSettings): (ApiLocator | SftpLocator)[] {
  return config.locators.map((content) =>
    content.type === 'api'
      ? apiLocatorOptions(content, settings).make()
      : createSftpLocator(sftpLocatorOptions(content, settings, undefined)),
  )
}

/** Asks for every credential that the locators need, before anything is made or opened. @throws CredentialsError, ConfigurationError */
export async function requireCredentials(config: FetcherConfig, place: ConfigPlace): Promise<void> {
  for (const content of config.locators) {
    if (content.type === 'sftp') await makeLogin(content, config, place)
    else for (const name of credentialsOf(content.auth)) await config.credentials.get(name)
  }
}

function credentialsOf(auth: ApiContent['auth']): readonly string[] {
  switch (auth.type) {
    case 'none':
      return []
    case 'header':
      return [auth.credential]
    case 'basic':
      return [auth.username, auth.password]
    case 'oauth':
      return [auth.client_id, auth.client_secret]
  }
}

export async function makeLogin(
  { connection }: SftpContent,
  config: FetcherConfig,
  place: ConfigPlace,
): Promise<SftpConnectionOptions> {
  const { host, port, auth, host_keys: hostKeys, accept_any_host_key: acceptAny } = connection
  const { credentials } = config
  return {
    host,
    port,
    username: connection.username ?? (await credentials.get('username')),
    ...(auth.type === 'password'
      ? { password: await credentials.get(auth.credential) }
      : {
          privateKey:
            auth.key_file === undefined
              ? await credentials.get(auth.credential ?? 'private_key')
              : await readOwnFile(auth.key_file, config, place),
          ...(auth.passphrase === undefined ? {} : { passphrase: await credentials.get(auth.passphrase) }),
        }),
    ...(acceptAny
      ? { acceptAnyHostKey: true }
      : { hostKeys: hostKeys ?? [await readOwnFile(connection.known_hosts, config, place)] }),
    maxConnections: connection.max_connections,
    connectAttempts: connection.connect_attempts,
  }
}

async function readOwnFile(name: string, config: FetcherConfig, place: ConfigPlace): Promise<string> {
  const path = atPath(name, place)
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = errorCode(cause) === 'ENOENT' ? 'there is no such file' : String(errorCode(cause))
    throw new ConfigurationError(config.path, `Cannot read '${path}', which '${config.path}' names: ${reason}`, {
      cause,
    })
  }
}

/** What only shows with the real login, such as a host that known_hosts does not have. */
function makeLocator<T>({ path }: FetcherConfig, make: () => T): T {
  try {
    return make()
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause
    throw new ConfigurationError(path, `The configuration '${path}' cannot be used: ${cause.message}`, {
      cause,
      hint: "Keys of hosts come from 'ssh-keyscan HOST', once they were compared with what the server's owner published",
    })
  }
}
