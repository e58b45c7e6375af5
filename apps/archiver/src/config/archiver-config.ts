import { resolve } from 'node:path'
import { describeDatabaseUri } from '@holdfast/artdaqdb'
import { withResolvedPaths } from '../alerts/alert-settings.js'
import type { ConfigurationFile, LogLevel } from './schema.js'

export interface StageFiles {
  readonly stateFile: string
  readonly failureLog: string
}

export interface FuzzConfig {
  /** Share of attempts, 0 to 100, that are skipped or made to fail. */
  readonly skipPercent: number
  readonly errorPercent: number
  /** A run that was skipped or made to fail gets no further attempt. */
  readonly skipIsFinal: boolean
  readonly errorIsFinal: boolean
}

export interface DatabaseToolsConfig {
  readonly remoteHost: string | undefined
  readonly confDir: string
  readonly timeoutMs: number
  /** In which the programs are found and run. */
  readonly env: Environment
}

type Environment = Readonly<Record<string, string | undefined>>

export interface ArchiverConfig {
  readonly workDir: string
  readonly lockFile: string
  /** What executions did with each run, for people and reports. */
  readonly historyFile: string
  readonly import: StageFiles
  readonly migrate: StageFiles
  readonly batchSize: number
  readonly parallelWorkers: number
  /** Attempts after the first one. */
  readonly retries: number
  readonly retryDelayMs: number
  readonly excludeMostRecentRun: boolean
  readonly logLevel: LogLevel
  readonly logFile: string | undefined
  readonly logFormat: 'text' | 'json'
  readonly generate: readonly string[]
  readonly fuzz: FuzzConfig
  readonly runRecordsDir: string
  readonly database: {
    /** May hold a password: show `location`. */
    readonly uri: string
    readonly location: string
    readonly schemaDir: string
    /** Set when the database is used through the site's own programs. */
    readonly tools: DatabaseToolsConfig | undefined
  }
  readonly archive: {
    readonly serverUrl: string
    readonly folderName: string
    readonly objectName: string
    readonly writerUser: string | undefined
    readonly writerPassword: string | undefined
    readonly timeoutMs: number
    readonly tls: { readonly caFile?: string; readonly verify: boolean }
  }
  /** Who is told what went wrong, and how. */
  readonly reporting: ConfigurationFile['reporting']
  /** Accepted and checked; used once metrics exist. */
  readonly carbon: ConfigurationFile['carbon']
  readonly metrics: MetricsConfig
}

export interface MetricsConfig {
  /** For the textfile collector of node_exporter. */
  readonly textfile: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly otlp:
    | {
        readonly endpoint: string
        readonly headers: Readonly<Record<string, string>>
        readonly headersFile: string | undefined
        readonly temporality: 'delta' | 'cumulative'
      }
    | undefined
}

/** The Python archiver took the host from the environment, too. */
export function remoteHostOf(database: ConfigurationFile['artdaq_db'], env: Environment): string | undefined {
  return database.remote_host ?? (env.ARTDAQ_DATABASE_REMOTEHOST || undefined)
}

/** Relative paths in the file are relative to the current folder, as they were for the Python archiver. */
export function toArchiverConfig(
  file: ConfigurationFile,
  generate: readonly string[],
  currentDir: string,
  env: Environment,
): ArchiverConfig {
  const at = (path: string): string => resolve(currentDir, path)
  const { app, app_fuzz: fuzz, artdaq_db: database, ucon_db: archive } = file
  return {
    workDir: at(app.work_dir),
    lockFile: at(app.lock_file),
    historyFile: at(app.history_file),
    import: { stateFile: at(app.import_state_file), failureLog: at(app.import_failure_log) },
    migrate: { stateFile: at(app.migrate_state_file), failureLog: at(app.migrate_failure_log) },
    batchSize: app.batch_size,
    parallelWorkers: app.parallel_workers,
    retries: app.run_process_retries,
    retryDelayMs: app.retry_delay_seconds * 1000,
    excludeMostRecentRun: app.exclude_most_recent_run,
    logLevel: app.log_level,
    logFile: app.log_file === undefined ? undefined : at(app.log_file),
    logFormat: app.log_format === 'JSON' ? 'json' : 'text',
    generate,
    fuzz: {
      skipPercent: fuzz.random_skip_percent,
      errorPercent: fuzz.random_error_percent,
      skipIsFinal: fuzz.random_skip_retry,
      errorIsFinal: fuzz.random_error_retry,
    },
    runRecordsDir: at(file.source_files.run_records_dir),
    database: {
      uri: database.database_uri,
      location: describeDatabaseUri(database.database_uri),
      schemaDir: at(database.fcl_conf_dir),
      tools: database.use_tools
        ? {
            remoteHost: remoteHostOf(database, env),
            confDir: at(database.fcl_conf_dir),
            timeoutMs: database.tools_timeout_seconds * 1000,
            env,
          }
        : undefined,
    },
    archive: {
      serverUrl: archive.server_url,
      folderName: archive.folder_name,
      objectName: archive.object_name,
      writerUser: archive.writer_user,
      writerPassword: archive.writer_password,
      timeoutMs: archive.timeout_seconds * 1000,
      tls: {
        verify: archive.tls_verify,
        ...(archive.tls_ca_file === undefined ? {} : { caFile: at(archive.tls_ca_file) }),
      },
    },
    reporting: withResolvedPaths(file.reporting, at),
    carbon: file.carbon,
    metrics: toMetricsConfig(file.metrics, at),
  }
}

function toMetricsConfig(section: ConfigurationFile['metrics'], at: (path: string) => string): MetricsConfig {
  const { textfile, labels, otlp } = section
  const { enabled, endpoint, headers, headers_file: headersFile, temporality } = otlp
  return {
    textfile: textfile === undefined ? undefined : at(textfile),
    labels,
    otlp:
      !enabled || endpoint === undefined
        ? undefined
        : {
            endpoint,
            headers,
            headersFile: headersFile === undefined ? undefined : at(headersFile),
            temporality: temporality === 'DELTA' ? 'delta' : 'cumulative',
          },
  }
}
