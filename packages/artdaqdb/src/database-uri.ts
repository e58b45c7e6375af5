import { resolve } from 'node:path'
import { DatabaseUriError, ProviderUnavailableError } from './errors.js'

export interface DatabaseAddress {
  readonly uri: string
  /** Absolute path of the database folder. */
  readonly path: string
}

const FILESYSTEM_SCHEME = 'filesystemdb://'
// What POSIX wordexp, through which the original tools send the path, would expand, split or run.
const EXPANDED_BY_THE_TOOLS = /[$`*?[\](){}<>|&;~'"\\\s\p{Cc}]/u

/**
 * Finds out where a database is. One trailing slash is dropped.
 *
 * @throws DatabaseUriError when the URI is missing, is not a file-system one, is not absolute, or holds characters that the original tools
 *   would expand as a shell does (they would then use another folder). @throws ProviderUnavailableError for `mongodb://`.
 * @example parseDatabaseUri('filesystemdb:///data/archive_db').path // '/data/archive_db'
 */
export function parseDatabaseUri(uri: string | undefined): DatabaseAddress {
  if (uri === undefined || uri === '') {
    throw new DatabaseUriError(
      'Cannot open a run database: no URI is given',
      'Set artdaq_db.database_uri or ARTDAQ_DATABASE_URI to filesystemdb:///absolute/path',
    )
  }
  // Such a URI may hold a password, so it is not quoted.
  if (uri.startsWith('mongo')) {
    throw new ProviderUnavailableError(
      'mongodb',
      "Use a filesystemdb:/// URI, or the site's artdaq_database tools for this database",
    )
  }
  if (!uri.startsWith(FILESYSTEM_SCHEME)) {
    throw new DatabaseUriError(
      `Cannot open '${withoutCredentials(uri)}': only filesystemdb:// URIs are known`,
      'Write filesystemdb:///absolute/path',
    )
  }
  const given = uri.slice(FILESYSTEM_SCHEME.length)
  const path = given.endsWith('/') ? given.slice(0, -1) : given
  if (!path.startsWith('/') || resolve(path) === '/') {
    throw new DatabaseUriError(
      `Cannot open '${uri}': it does not name an absolute folder`,
      'Write three slashes: filesystemdb:///absolute/path',
    )
  }
  const expanded = EXPANDED_BY_THE_TOOLS.exec(path)
  if (expanded !== null) {
    throw new DatabaseUriError(
      `Cannot open '${uri}': the original tools would expand ${JSON.stringify(expanded[0])} as a shell does`,
      'Write the final path, with letters, digits and . _ - / only',
    )
  }
  return { uri, path: resolve(path) }
}

function withoutCredentials(uri: string): string {
  return uri.replace(/\/\/[^/@]*@/, '//…@')
}
