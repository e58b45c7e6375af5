import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isRemoteHost, parseDatabaseUri, parseToolUri } from '@holdfast/artdaqdb'
import { errorCode } from '@holdfast/atomic-file'
import { openArchive } from '@holdfast/ucondb'
import { explainError } from '../cli/explain-error.js'
import { remoteHostOf } from './archiver-config.js'
import type { ConfigurationFile } from './schema.js'

type Environment = Readonly<Record<string, string | undefined>>

interface Conflict {
  readonly path: readonly string[]
  readonly message: string
}

/** Rules that look at several keys together, and those of the stores for their addresses. */
export async function findConflicts(
  file: Partial<ConfigurationFile>,
  currentDir: string,
  env: Environment,
): Promise<Conflict[]> {
  const { app, artdaq_db: database, ucon_db: archive, reporting, carbon, metrics } = file
  return [
    ...(app === undefined ? [] : await sharedFiles(app, currentDir)),
    ...(database === undefined ? [] : databaseConflicts(database, env)),
    ...(archive === undefined ? [] : await archiveConflicts(archive)),
    ...(reporting === undefined ? [] : reportingConflicts(reporting)),
    ...(carbon === undefined ? [] : missingWhen(carbon.enabled, ['carbon'], carbon, ['host', 'metric_prefix'])),
    ...(metrics === undefined
      ? []
      : missingWhen(metrics.otlp.enabled, ['metrics', 'otlp'], metrics.otlp, ['endpoint'])),
  ]
}

function reportingConflicts({ email, slack, webhook }: ConfigurationFile['reporting']): Conflict[] {
  return [
    ...missingWhen(email.enabled, ['reporting', 'email'], email, ['recipient_email', 'sender_email', 'smtp_host']),
    ...bothGiven(['reporting', 'email'], email, 'smtp_password', 'smtp_password_file'),
    ...missingWhen(slack.enabled && slack.bot_token_file === undefined, ['reporting', 'slack'], slack, ['bot_token']),
    ...missingWhen(slack.enabled, ['reporting', 'slack'], slack, ['channel']),
    ...bothGiven(['reporting', 'slack'], slack, 'bot_token', 'bot_token_file'),
    ...missingWhen(webhook.enabled && webhook.url_file === undefined, ['reporting', 'webhook'], webhook, ['url']),
    ...bothGiven(['reporting', 'webhook'], webhook, 'url', 'url_file'),
  ]
}

function bothGiven<T extends object>(
  path: readonly string[],
  section: T,
  key: keyof T & string,
  fileKey: keyof T & string,
): Conflict[] {
  if (section[key] === undefined || section[fileKey] === undefined) return []
  return [{ path: [...path, fileKey], message: `takes the place of ${key}; remove one of them` }]
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

const APP_FILES = [
  'import_state_file',
  'migrate_state_file',
  'import_failure_log',
  'migrate_failure_log',
  'lock_file',
  'log_file',
  'history_file',
] as const

const WITHOUT_COMPANIONS: ReadonlySet<string> = new Set(['lock_file', 'log_file', 'history_file'])

/** Files that are made beside a state file or failure log. */
const COMPANIONS = ['', '.bak', '.lock', '.before-recovery']

async function sharedFiles(app: ConfigurationFile['app'], currentDir: string): Promise<Conflict[]> {
  const conflicts: Conflict[] = []
  const owners = new Map<string, string>()
  for (const key of APP_FILES) {
    const configured = app[key]
    if (configured === undefined) continue
    const path = await realPathOf(resolve(currentDir, configured))
    const names = WITHOUT_COMPANIONS.has(key) ? [''] : COMPANIONS
    const other = names.map((ending) => owners.get(path + ending)).find((owner) => owner !== undefined)
    if (other !== undefined)
      conflicts.push({ path: ['app', key], message: `names a file that belongs to app.${other}` })
    for (const ending of names) owners.set(path + ending, key)
  }
  return conflicts
}

/** The same for every way to a file through links, as far as its folder exists. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path))
  }
}

function databaseConflicts(database: ConfigurationFile['artdaq_db'], env: Environment): Conflict[] {
  const { database_uri: uri, use_tools: useTools } = database
  const conflicts: Conflict[] = []
  if (uri.startsWith('mongo') && !useTools) {
    const message = "mongodb:// databases are used through the site's own tools only: set artdaq_db.use_tools to true"
    conflicts.push({ path: ['artdaq_db', 'database_uri'], message })
  } else {
    try {
      if (useTools) parseToolUri(uri)
      else parseDatabaseUri(uri)
    } catch (error) {
      if (errorCode(error)?.startsWith('ERR_ARTDAQDB') !== true) throw error
      conflicts.push({ path: ['artdaq_db', 'database_uri'], message: explainError(error) })
    }
  }
  // Without the tools it has no meaning, as it had none for the Python archiver.
  const remoteHost = useTools ? remoteHostOf(database, env) : undefined
  if (remoteHost !== undefined && !isRemoteHost(remoteHost)) {
    const message = `expected host or user@host, found ${JSON.stringify(remoteHost)}`
    conflicts.push({ path: ['artdaq_db', 'remote_host'], message })
  }
  return conflicts
}

const ARCHIVE_KEYS: Readonly<Record<string, string>> = {
  serverUrl: 'server_url',
  folderName: 'folder_name',
  objectName: 'object_name',
  writer: 'writer_user',
  tls: 'tls_ca_file',
}

async function archiveConflicts(archive: ConfigurationFile['ucon_db']): Promise<Conflict[]> {
  const { server_url: serverUrl, folder_name: folderName, object_name: objectName, tls_ca_file: caFile } = archive
  const { writer_user: user, writer_password: password } = archive
  const conflicts: Conflict[] = []
  if (!serverUrl.startsWith('file:')) {
    for (const key of ['writer_user', 'writer_password'] as const) {
      if (archive[key] === undefined)
        conflicts.push({ path: ['ucon_db', key], message: 'is required for a UconDB server' })
    }
  }
  try {
    // Opening an archive checks its settings; nothing is written or connected.
    const writer = user === undefined || password === undefined ? {} : { writer: { user, password } }
    const tls = caFile === undefined ? {} : { tls: { caFile } }
    await (await openArchive({ serverUrl, folderName, objectName, ...writer, ...tls })).close()
  } catch (error) {
    if (errorCode(error) !== 'ERR_ARCHIVE_CONFIG') throw error
    const option = error instanceof Error && 'option' in error ? String(error.option) : ''
    conflicts.push({ path: ['ucon_db', ARCHIVE_KEYS[option] ?? option], message: explainError(error) })
  }
  return conflicts
}
