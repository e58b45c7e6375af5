import { parseDatabaseUri } from './database-uri.js'
import { type RunDatabaseDeps, resolveDeps } from './deps.js'
import { FilesystemDatabase } from './filesystem-database.js'
import type { RunDatabase } from './run-database.js'
import { openToolDatabase } from './tools/open-tool-database.js'
import type { ToolOptions } from './tools/tool-options.js'

export interface OpenRunDatabaseOptions {
  /** `filesystemdb:///absolute/path`; with `tools` also `mongodb://user:password@host:port/database` */
  readonly uri: string | undefined
  /** Whether a database that does not exist is empty and made by the first store; else opening it fails. @default true */
  readonly create?: boolean
  /** Write nothing at all, not even a lock file: for reports and for databases on read-only disks. @default false */
  readonly readOnly?: boolean
  /** How long a write waits for other processes that write to the database. @default 60_000 */
  readonly lockTimeoutMs?: number
  /** Use the database through the site's own programs, here or on another host, in place of reading and writing it natively. */
  readonly tools?: ToolOptions
}

/**
 * Opens the database that a URI names. Unless opened for reading only, it first takes over what a killed process left in it.
 *
 * @throws DatabaseUriError, ProviderUnavailableError, DatabaseUnavailableError, DatabaseDamagedError, UnsupportedDatabaseError
 * @example
 * await using database = await openRunDatabase({ uri: 'filesystemdb:///data/archive_db' })
 * await database.storeRun({ run: 18255, configuration: 'beam-00012', files, schema })
 * await database.fold()
 */
export async function openRunDatabase(
  options: OpenRunDatabaseOptions,
  deps: RunDatabaseDeps = {},
): Promise<RunDatabase> {
  const { uri, create = true, readOnly = false, lockTimeoutMs = 60_000 } = options
  if (!(lockTimeoutMs >= 0)) throw new RangeError(`lockTimeoutMs must be 0 or more, not ${lockTimeoutMs}`)
  if (options.tools !== undefined)
    return openToolDatabase({ uri, create, readOnly, lockTimeoutMs, tools: options.tools }, resolveDeps(deps))
  return FilesystemDatabase.open(parseDatabaseUri(uri), { create, readOnly, lockTimeoutMs }, resolveDeps(deps))
}
