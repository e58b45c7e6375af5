import { parseDatabaseUri } from '../database-uri.js'
import { DatabaseUriError, ProviderUnavailableError } from '../errors.js'

/** A database as the site's tools address it. */
export interface ToolAddress {
  /** As the tools get it; may hold a password. */
  readonly uri: string
  /** For messages and reports: without credentials and options. */
  readonly location: string
  readonly provider: 'filesystem' | 'mongodb'
  /** Folder of a file-system database. */
  readonly path: string | undefined
  /** Texts that may appear nowhere. */
  readonly secrets: readonly string[]
}

const HOST = String.raw`(?:\[[\da-fA-F:.]+\]|[^@/?#:,[\]]+)(?::\d+)?`
// Anything else may be the beginning of credentials whose @ : / ? or # are not escaped, and must not become a location.
const MONGODB = new RegExp(String.raw`^mongodb(?:\+srv)?:\/\/(?:([^@/]*)@)?(${HOST}(?:,${HOST})*)\/([^@/?#]+)(\?.*)?$`)

/**
 * Reads the URI of a database that is used through the site's tools: `filesystemdb:///absolute/path` or `mongodb://[user:password@]host/database`.
 *
 * @throws DatabaseUriError, ProviderUnavailableError; no message holds the credentials.
 * @example parseToolUri('mongodb://daq:secret@db01:27017/archive').location // 'mongodb://db01:27017/archive'
 */
export function parseToolUri(uri: string | undefined): ToolAddress {
  if (uri === undefined || !uri.startsWith('mongo')) {
    const address = parseDatabaseUri(uri)
    return { ...address, location: address.uri, provider: 'filesystem', secrets: [] }
  }
  const match = /[\s\p{Cc}]/u.test(uri) ? null : MONGODB.exec(uri)
  if (match === null || (match[1] === undefined && uri.includes('@'))) {
    throw new DatabaseUriError(
      'Cannot use the mongodb:// URI: it does not name a host and a database',
      'Write mongodb://user:password@host:port/database, with @ : / ? # and % inside user and password as %40 %3A %2F %3F %23 %25',
    )
  }
  const [, credentials = '', hosts = '', database = '', options = ''] = match
  const scheme = uri.slice(0, uri.indexOf('://'))
  const password = credentials.includes(':') ? credentials.slice(credentials.indexOf(':') + 1) : ''
  const secrets = [uri, credentials, password, decoded(password), ...secretOptions(options)]
  return {
    uri,
    location: `${scheme}://${hosts}/${database}`,
    provider: 'mongodb',
    path: undefined,
    secrets: [...new Set(secrets)].filter((secret) => secret !== ''),
  }
}

/**
 * A database URI for messages and reports, whatever it may be.
 *
 * @example describeDatabaseUri('mongodb://daq:secret@db01/archive?tls=true') // 'mongodb://db01/archive'
 */
export function describeDatabaseUri(uri: string): string {
  try {
    return parseToolUri(uri).location
  } catch (error) {
    if (!(error instanceof DatabaseUriError || error instanceof ProviderUnavailableError)) throw error
    return uri.replace(/\/\/.*@/, '//').replace(/\?.*$/, '')
  }
}

function secretOptions(options: string): string[] {
  const values = new URLSearchParams(options)
  return [...values].filter(([name]) => /password|authmechanismproperties/i.test(name)).map(([, value]) => value)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
