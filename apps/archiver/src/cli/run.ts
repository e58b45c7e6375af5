import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { withEnvFile } from '../config/env-file.js'
import { loadConfig } from '../config/load-config.js'
import type { LogLevel } from '../config/schema.js'
import { type Execution, execute } from '../execute.js'
import { ConsoleSink } from '../log/console-sink.js'
import { createLogger, type Logger, type LogSink } from '../log/logger.js'
import { RotatingFile } from '../log/rotating-file.js'
import { readVersion } from '../version.js'
import { EXIT, exitCodeFor } from './exit-codes.js'
import { explainError } from './explain-error.js'
import { type ArchiverOptions, parseCommandLine } from './options.js'
import type { ProcessLike } from './process-like.js'
import { listenForSignals, Shutdown } from './shutdown.js'

const LOCK_CHECK_MS = 1_000

export interface RunDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** At least 0, below 1. @default Math.random */
  readonly random?: () => number
}

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike, deps: RunDeps = {}): Promise<number> {
  ignoreClosedPipe(proc)
  let asJson = false
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion())
    if ('printed' in parsed) {
      proc.stdout.write(parsed.printed)
      return EXIT.success
    }
    asJson = parsed.options.json
    return await archive(proc, parsed.options, { now: deps.now ?? Date.now, random: deps.random ?? Math.random })
  } catch (error) {
    const exitCode = exitCodeFor(error)
    proc.stderr.write(
      `archiver: ${exitCode === EXIT.failure || errorCode(error) === 'ERR_USAGE' ? explainError(error) : describeBug(error)}\n`,
    )
    if (asJson)
      proc.stdout.write(
        `${JSON.stringify({ error: { code: errorCode(error), message: explainError(error) }, exitCode }, null, 2)}\n`,
      )
    return exitCode
  }
}

async function archive(proc: ProcessLike, options: ArchiverOptions, deps: Required<RunDeps>): Promise<number> {
  const env = await withEnvFile(options.configPath, proc.env)
  const { config, warnings } = await loadConfig(options.configPath, {
    env,
    workDir: options.workDir,
    currentDir: proc.cwd(),
  })
  const level = options.console === 'verbose' ? 'DEBUG' : config.logLevel
  const consoleSink = new ConsoleSink(proc.stderr, options.console === 'quiet' ? 'WARNING' : level)
  await using stack = new AsyncDisposableStack()
  const sinks: LogSink[] = [consoleSink]
  if (config.logFile !== undefined && !options.dryRun) sinks.push(openLogFile(proc, config.logFile, level, stack))
  const logger = createLogger('archiver', sinks, deps)
  for (const warning of warnings) logger.warn(warning)
  const shutdown = new Shutdown()
  stack.defer(listenForSignals(proc, shutdown, logger, deps.now))
  if (!options.dryRun) await takeLock(config, shutdown, logger, stack)
  try {
    const execution = await execute(options, config, {
      logger,
      progressBar: consoleSink,
      signal: shutdown.signal,
      ...deps,
    })
    const exitCode = shutdown.reason === undefined ? execution.exitCode : EXIT.interrupted
    printResult(proc, options.json, execution, exitCode, shutdown.reason)
    logger.info(
      exitCode === EXIT.success
        ? 'Finished'
        : shutdown.reason === undefined
          ? 'Finished with failures'
          : `Stopped early: ${shutdown.reason}`,
    )
    return exitCode
  } catch (error) {
    logger.critical(explainError(error))
    throw error
  }
}

function openLogFile(proc: ProcessLike, path: string, minLevel: LogLevel, stack: AsyncDisposableStack): LogSink {
  const onError = (error: unknown): void => {
    proc.stderr.write(
      `archiver: the log file '${path}' cannot be written (${explainError(error)}); going on without it\n`,
    )
  }
  const file = new RotatingFile(path, {}, { onError })
  stack.defer(() => file.close())
  return { minLevel, write: (line) => file.write(line) }
}

/** One archiver at a time, whether this one or the Python original: both take the same kernel lock on the same file. */
async function takeLock(
  config: ArchiverConfig,
  shutdown: Shutdown,
  logger: Logger,
  stack: AsyncDisposableStack,
): Promise<void> {
  await makeDirectory(config.workDir)
  const lock = stack.use(await FileLock.acquire(config.lockFile))
  if (lock.previous !== undefined) {
    const { pid, host, since } = lock.previous
    logger.warn(
      `The last archiver (process ${pid} on ${host}, started ${since}) ended without releasing '${config.lockFile}'; its work is resumed from what was recorded`,
    )
  }
  lock.monitor({
    intervalMs: LOCK_CHECK_MS,
    onLost: () => {
      logger.warn(
        `The lock file '${config.lockFile}' was removed or replaced: finishing the runs in flight, then stopping`,
      )
      shutdown.request('Lock file removed')
    },
  })
}

function printResult(
  proc: ProcessLike,
  asJson: boolean,
  execution: Execution,
  exitCode: number,
  interrupted: string | undefined,
): void {
  const stopped = interrupted === undefined ? {} : { interrupted }
  proc.stdout.write(
    asJson ? `${JSON.stringify({ ...execution.document, ...stopped, exitCode }, null, 2)}\n` : execution.text,
  )
}

/** A reader that went away, as in `archiver --report-status | head`, is no error. */
function ignoreClosedPipe(proc: ProcessLike): void {
  for (const stream of [proc.stdout, proc.stderr]) {
    stream.on('error', (error) => {
      if (errorCode(error) !== 'EPIPE') throw error
    })
  }
}

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${stack}`
}
