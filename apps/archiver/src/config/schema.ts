/** The configuration file, section by section: names and defaults are those of the Python archiver. */
import { z } from 'zod'
import { isTable } from './expand.js'
import {
  flag,
  headerTable,
  matching,
  oneOf,
  optional,
  type Setting,
  seconds,
  secret,
  secretUrl,
  text,
  textOrNothing,
  texts,
  wholeNumber,
  withDefault,
} from './settings.js'

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The file may write them in lower case. */
const LOG_FORMATS = ['TEXT', 'JSON'] as const

/** Templates: expanded together with the values of the file, so that they follow a configured `work_dir`. */
export const PATH_DEFAULTS: Readonly<Record<string, string>> = {
  work_dir: '/tmp/run_record_archiver',
  import_state_file: '${work_dir}/importer_state.json',
  import_failure_log: '${work_dir}/import_failures.log',
  migrate_state_file: '${work_dir}/migrator_state.json',
  migrate_failure_log: '${work_dir}/migrate_failures.log',
  lock_file: '${work_dir}/.archiver.lock',
  history_file: '${work_dir}/run_history.jsonl',
}

/** A table of known keys. An absent table is an empty one, and an absent key is up to its setting. */
function section<T extends z.ZodRawShape>(shape: T) {
  const absent = Object.fromEntries(Object.keys(shape).map((key) => [key, undefined]))
  return z.preprocess((value) => {
    if (value === undefined || value === null) return absent
    return isTable(value) ? { ...absent, ...value } : value
  }, z.strictObject(shape))
}

const DAY = 86_400

const nonNegativeSeconds: Setting<number> = seconds(
  (value) => value >= 0 && value <= DAY,
  'a number of seconds from 0 to 86400',
)
const positiveSeconds: Setting<number> = seconds(
  (value) => value > 0 && value <= DAY,
  'a number of seconds above 0, at most 86400',
)
const percent: Setting<number> = withDefault(wholeNumber(0, 100), 0)
const off: Setting<boolean> = withDefault(flag(), false)
const path: Setting<string> = text('a path')

const appSection = section({
  work_dir: path,
  import_state_file: path,
  import_failure_log: path,
  migrate_state_file: path,
  migrate_failure_log: path,
  lock_file: path,
  history_file: path,
  batch_size: withDefault(wholeNumber(1), 5),
  parallel_workers: withDefault(wholeNumber(1, 64), 2),
  run_process_retries: withDefault(wholeNumber(0, 100), 2),
  retry_delay_seconds: withDefault(nonNegativeSeconds, 3),
  exclude_most_recent_run: off,
  log_level: withDefault(oneOf(LOG_LEVELS), 'INFO'),
  log_file: optional(path),
  log_format: withDefault(oneOf(LOG_FORMATS), 'TEXT'),
})

const fuzzSection = section({
  random_skip_percent: percent,
  random_skip_retry: off,
  random_error_percent: percent,
  random_error_retry: off,
})

const databaseSection = section({
  database_uri: text('filesystemdb:///absolute/path or mongodb://…'),
  fcl_conf_dir: text('the folder that holds schema.fcl'),
  use_tools: off,
  // A template may leave it empty.
  remote_host: optional(textOrNothing('a host name')),
  tools_timeout_seconds: withDefault(positiveSeconds, 300),
})

const archiveSection = section({
  server_url: matching(/^(file:\/\/\/|https?:\/\/[^/])/, 'file:///absolute/folder, http://… or https://…'),
  folder_name: text('the name of the folder in UconDB'),
  object_name: text('the name of the object in UconDB'),
  writer_user: optional(text('a user name')),
  writer_password: optional(secret()),
  timeout_seconds: withDefault(positiveSeconds, 10),
  tls_ca_file: optional(path),
  tls_verify: withDefault(flag(), true),
})

const emailSection = section({
  enabled: off,
  recipient_email: optional(text('an e-mail address')),
  sender_email: optional(text('an e-mail address')),
  smtp_host: optional(text('a host name')),
  smtp_port: withDefault(wholeNumber(1, 65_535), 25),
  smtp_use_tls: off,
  smtp_user: optional(text('a user name')),
  smtp_password: optional(secret()),
  smtp_password_file: optional(path),
  smtp_tls_ca_file: optional(path),
  smtp_tls_verify: withDefault(flag(), true),
})

const slackSection = section({
  enabled: off,
  bot_token: optional(secret()),
  bot_token_file: optional(path),
  channel: optional(text('a channel')),
  mention_users: optional(text('user ids, separated by commas')),
  api_url: withDefault(secretUrl(), 'https://slack.com/api'),
})

const webhookSection = section({
  enabled: off,
  url: optional(secretUrl()),
  url_file: optional(path),
  headers: withDefault(headerTable(), {}),
  token_file: optional(path),
  timeout_seconds: withDefault(positiveSeconds, 10),
})

const reportingSection = section({
  email: emailSection,
  slack: slackSection,
  webhook: webhookSection,
  min_interval_minutes: withDefault(wholeNumber(0, 10_080), 60),
  timeout_seconds: withDefault(positiveSeconds, 15),
})

const carbonSection = section({
  enabled: off,
  host: optional(text('a host name')),
  port: withDefault(wholeNumber(1, 65_535), 2003),
  metric_prefix: optional(text('the first part of every metric name')),
})

const otlpSection = section({
  enabled: off,
  endpoint: optional(matching(/^https?:\/\/[^/]/, 'http://… or https://…, with its path')),
  headers: withDefault(texts(/^[\w!#$%&'*+.^`|~-]+$/, 'a table of header names and texts'), {}),
  headers_file: optional(path),
  temporality: withDefault(oneOf(['DELTA', 'CUMULATIVE']), 'DELTA'),
})

const metricsSection = section({
  textfile: optional(matching(/\.prom$/, 'a path that ends in .prom, or the textfile collector ignores it')),
  labels: withDefault(texts(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a table of label names and texts'), {}),
  otlp: otlpSection,
})

const sourceSection = section({ run_records_dir: text('the folder that holds the run records') })

export const configurationSchema = section({
  app: appSection,
  app_fuzz: fuzzSection,
  fhiclize_generate: z.unknown(),
  source_files: sourceSection,
  artdaq_db: databaseSection,
  ucon_db: archiveSection,
  reporting: reportingSection,
  carbon: carbonSection,
  metrics: metricsSection,
})

/** What the file says after expansion and checks, under the file's own names. */
export type ConfigurationFile = z.output<typeof configurationSchema>

/** The names that may stand at a place of the file, for "did you mean". */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(configurationSchema.out.shape),
  app: Object.keys(appSection.out.shape),
  app_fuzz: Object.keys(fuzzSection.out.shape),
  source_files: Object.keys(sourceSection.out.shape),
  artdaq_db: Object.keys(databaseSection.out.shape),
  ucon_db: Object.keys(archiveSection.out.shape),
  reporting: Object.keys(reportingSection.out.shape),
  'reporting.email': Object.keys(emailSection.out.shape),
  'reporting.slack': Object.keys(slackSection.out.shape),
  'reporting.webhook': Object.keys(webhookSection.out.shape),
  carbon: Object.keys(carbonSection.out.shape),
  metrics: Object.keys(metricsSection.out.shape),
  'metrics.otlp': Object.keys(otlpSection.out.shape),
}
