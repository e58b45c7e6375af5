import { explainError } from './cli/explain-error.js'
import type { ArchiverOptions } from './cli/options.js'
import type { ProcessLike } from './cli/process-like.js'
import type { ArchiverConfig } from './config/archiver-config.js'
import { withEnvFile } from './config/env-file.js'
import { loadConfig } from './config/load-config.js'
import type { LogLevel } from './config/schema.js'
import { ConsoleSink } from './log/console-sink.js'
import { createLogger, type Logger, type LogSink } from './log/logger.js'
import { RotatingFile } from './log/rotating-file.js'
import type { ProgressBar } from './stages/run-stage.js'

/** A configuration that was read and checked, and the log that it asks for. */
export interface Session extends Disposable {
  readonly config: ArchiverConfig
  readonly logger: Logger
  /** For what the console is told in another way. */
  readonly fileLogger: Logger
  readonly progressBar: ProgressBar
}

export interface SessionDeps {
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** @throws ConfigurationError */
export async function openSession(proc: ProcessLike, options: ArchiverOptions, deps: SessionDeps): Promise<Session> {
  const env = await withEnvFile(options.configPath, proc.env)
  const { config, warnings } = await loadConfig(options.configPath, {
    env,
    workDir: options.workDir,
    currentDir: proc.cwd(),
  })
  const level = options.console === 'verbose' ? 'DEBUG' : config.logLevel
  const progressBar = new ConsoleSink(proc.stderr, options.console === 'quiet' ? 'WARNING' : level)
  using stack = new DisposableStack()
  const fileSinks: LogSink[] = []
  if (config.logFile !== undefined && !options.dryRun) fileSinks.push(openLogFile(proc, config.logFile, level, stack))
  const logger = createLogger('archiver', [progressBar, ...fileSinks], deps)
  for (const warning of warnings) logger.warn(warning)
  const opened = stack.move()
  return {
    config,
    logger,
    fileLogger: createLogger('archiver', fileSinks, deps),
    progressBar,
    [Symbol.dispose]: () => opened.dispose(),
  }
}

function openLogFile(proc: ProcessLike, path: string, minLevel: LogLevel, stack: DisposableStack): LogSink {
  const onError = (error: unknown): void => {
    proc.stderr.write(
      `archiver: the log file '${path}' cannot be written (${explainError(error)}); going on without it\n`,
    )
  }
  const file = new RotatingFile(path, {}, { onError })
  stack.defer(() => file.close())
  return { minLevel, write: (line) => file.write(line) }
}
