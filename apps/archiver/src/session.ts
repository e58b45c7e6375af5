import { randomUUID } from 'node:crypto'
import type { ArchiverOptions } from './cli/options.js'
import type { ProcessLike } from './cli/process-like.js'
import { WITHOUT_LOG_FILE } from './cli/subcommands.js'
import type { ArchiverConfig } from './config/archiver-config.js'
import { withEnvFile } from './config/env-file.js'
import { loadConfig } from './config/load-config.js'
import { findSecrets } from './log/find-secrets.js'
import type { Logger } from './log/logger.js'
import { type Loggers, openLogging } from './log/open-logging.js'
import type { Redactor } from './log/redact.js'
import type { ProgressBar } from './stages/run-stage.js'

/** A configuration that was read and checked, and the log that it asks for. */
export interface Session extends Disposable {
  readonly config: ArchiverConfig
  /** For what is said between executions. */
  readonly logger: Logger
  readonly progressBar: ProgressBar
  /** The id of an execution and the loggers whose lines carry it. The first one has the id of the session. */
  beginExecution(): Loggers & { readonly executionId: string }
  /** For the one that holds the lock: a second start only adds its lines. */
  allowLogRotation(): void
  /** Goes on in a new log file, after another program has moved the old one away. */
  reopenLog(): void
  /** Absolute: what relative paths of the command line are relative to. */
  readonly currentDir: string
}

export interface SessionDeps {
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Learns the credentials of the configuration. */
  readonly redactor: Redactor
}

/** @throws ConfigurationError */
export async function openSession(proc: ProcessLike, options: ArchiverOptions, deps: SessionDeps): Promise<Session> {
  const env = await withEnvFile(options.configPath, proc.env)
  const { config, warnings } = await loadConfig(options.configPath, {
    env,
    workDir: options.workDir,
    currentDir: proc.cwd(),
  })
  deps.redactor.learn([...findSecrets(config), ...secretsOfAddress(config.reporting.webhook.url)])
  const sessionId = randomUUID()
  const { command, dryRun } = options
  const keepsLog = !dryRun && (command === undefined || !WITHOUT_LOG_FILE.has(command.name))
  const logging = openLogging(proc, config, { ...options, ...deps, keepsLog, sessionId })
  const { logger } = logging.loggersFor(sessionId)
  for (const warning of warnings) logger.warn(warning)
  let nextId = sessionId
  return {
    config,
    logger,
    currentDir: proc.cwd(),
    progressBar: logging.console,
    beginExecution: () => {
      const executionId = nextId
      nextId = randomUUID()
      return { executionId, ...logging.loggersFor(executionId) }
    },
    allowLogRotation: () => logging.allowRotation(),
    reopenLog: () => logging.reopen(),
    [Symbol.dispose]: () => logging[Symbol.dispose](),
  }
}

/** Whoever knows what follows the host of a webhook may write there; what is as short as `/hook` keeps nobody out, and stands in other texts. */
function secretsOfAddress(address: string | undefined): string[] {
  if (address === undefined || !URL.canParse(address)) return []
  const { pathname, search } = new URL(address)
  return [pathname, search, pathname + search].filter((secret) => secret.length >= 16)
}
