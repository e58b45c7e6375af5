import type { ConfigurationFile } from './schema.js'

interface Conflict {
  readonly path: readonly string[]
  readonly message: string
}

/** Rules that look at several keys together. */
export function findConflicts(file: ConfigurationFile): Conflict[] {
  return [...reportingConflicts(file), ...storeConflicts(file)]
}

function reportingConflicts(file: ConfigurationFile): Conflict[] {
  const { email, slack } = file.reporting
  return [
    ...missingWhen(email.enabled, ['reporting', 'email'], email, ['recipient_email', 'sender_email', 'smtp_host']),
    ...missingWhen(slack.enabled, ['reporting', 'slack'], slack, ['bot_token', 'channel']),
    ...missingWhen(file.carbon.enabled, ['carbon'], file.carbon, ['host', 'metric_prefix']),
  ]
}

function missingWhen<T extends object>(
  enabled: boolean,
  path: readonly string[],
  section: T,
  keys: readonly (keyof T & string)[],
): Conflict[] {
  if (!enabled) return []
  return keys
    .filter((key) => section[key] === undefined)
    .map((key) => ({ path: [...path, key], message: 'is required when enabled is true' }))
}

function storeConflicts(file: ConfigurationFile): Conflict[] {
  const conflicts: Conflict[] = []
  const { database_uri: uri, remote_host: remoteHost } = file.artdaq_db
  if (!uri.startsWith('filesystemdb://')) {
    const scheme = /^[a-z+]+:\/\//.exec(uri)?.[0]
    const message =
      scheme === 'mongodb://' || scheme === 'mongodb+srv://'
        ? 'databases on MongoDB are not supported in this version; use filesystemdb:///absolute/path'
        : `expected filesystemdb:///absolute/path, found '${scheme ?? uri}'`
    conflicts.push({ path: ['artdaq_db', 'database_uri'], message })
  }
  if (remoteHost !== undefined) {
    conflicts.push({
      path: ['artdaq_db', 'remote_host'],
      message: 'a database on another host is not supported in this version; run the archiver there',
    })
  }
  if (!file.ucon_db.server_url.startsWith('file://')) {
    for (const key of ['writer_user', 'writer_password'] as const) {
      if (file.ucon_db[key] === undefined)
        conflicts.push({ path: ['ucon_db', key], message: 'is required for a UconDB server' })
    }
  }
  return conflicts
}
