import { randomUUID } from 'node:crypto'
import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import { runDoctor } from '../commands/doctor.js'
import type { ConfiguredRequest } from '../commands/run-command.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { withEnvFile } from '../config/env-file.js'
import { loadConfig } from '../config/load-config.js'
import type { LogLevel } from '../config/schema.js'
import { execute } from '../execute.js'
import type { Execution } from '../execution.js'
import { HistoryObserver } from '../history/history-observer.js'
import { ConsoleSink } from '../log/console-sink.js'
import { createLogger, type Logger, type LogSink } from '../log/logger.js'
import { RotatingFile } from '../log/rotating-file.js'
import { readVersion } from '../version.js'
import { EXIT, exitCodeFor } from './exit-codes.js'
import { explainError } from './explain-error.js'
import { type ArchiverOptions, parseCommandLine } from './options.js'
import type { ProcessLike } from './process-like.js'
import { listenForSignals, Shutdown } from './shutdown.js'
import { WITHOUT_LOG_FILE } from './subcommands.js'

type Finished = Omit<Execution, 'exitCode'> & { readonly exitCode: number }

const LOCK_CHECK_MS = 1_000

export interface RunDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** At least 0, below 1. @default Math.random */
  readonly random?: () => number
}

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike, givenDeps: RunDeps = {}): Promise<number> {
  surviveOutputErrors(proc)
  const asJson = proc.argv.includes('--json')
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion())
    if ('printed' in parsed) {
      proc.stdout.write(parsed.printed)
      return EXIT.success
    }
    const deps = { now: givenDeps.now ?? Date.now, random: givenDeps.random ?? Math.random }
    const { command } = parsed.options
    const finished =
      command?.name === 'doctor'
        ? await doctor(proc, parsed.options, deps)
        : await archive(proc, parsed.options, command, deps)
    proc.stdout.write(asJson ? toJson({ ...finished.document, exitCode: finished.exitCode }) : finished.text)
    return finished.exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error)
    proc.stderr.write(
      `archiver: ${exitCode === EXIT.failure || errorCode(error) === 'ERR_USAGE' ? explainError(error) : describeBug(error)}\n`,
    )
    if (asJson) proc.stdout.write(toJson({ error: { code: errorCode(error), message: explainError(error) }, exitCode }))
    return exitCode
  }
}

/** Needs no configuration that can be used: finding out why it cannot be is its work. */
async function doctor(proc: ProcessLike, options: ArchiverOptions, deps: Required<RunDeps>): Promise<Finished> {
  const logger = createLogger(
    'archiver',
    [new ConsoleSink(proc.stderr, options.console === 'verbose' ? 'DEBUG' : 'CRITICAL')],
    deps,
  )
  const shutdown = new Shutdown()
  const stopListening = listenForSignals(proc, shutdown, logger, deps.now)
  try {
    const { configPath, workDir } = options
    const place = { configPath, workDir, env: proc.env, currentDir: proc.cwd() }
    const { uid, nodeVersion } = { uid: process.getuid?.(), nodeVersion: process.versions.node }
    return await runDoctor(place, { logger, signal: shutdown.signal, now: deps.now, uid, nodeVersion })
  } finally {
    stopListening()
  }
}

async function archive(
  proc: ProcessLike,
  options: ArchiverOptions,
  command: ConfiguredRequest | undefined,
  deps: Required<RunDeps>,
): Promise<Finished> {
  const env = await withEnvFile(options.configPath, proc.env)
  const { config, warnings } = await loadConfig(options.configPath, {
    env,
    workDir: options.workDir,
    currentDir: proc.cwd(),
  })
  const level = options.console === 'verbose' ? 'DEBUG' : config.logLevel
  const consoleSink = new ConsoleSink(proc.stderr, options.console === 'quiet' ? 'WARNING' : level)
  await using stack = new AsyncDisposableStack()
  const fileSinks: LogSink[] = []
  const keepsLog = !options.dryRun && (command === undefined || !WITHOUT_LOG_FILE.has(command.name))
  if (config.logFile !== undefined && keepsLog) fileSinks.push(openLogFile(proc, config.logFile, level, stack))
  const logger = createLogger('archiver', [consoleSink, ...fileSinks], deps)
  for (const warning of warnings) logger.warn(warning)
  const shutdown = new Shutdown()
  stack.defer(listenForSignals(proc, shutdown, logger, deps.now))
  try {
    // Commands change nothing that the stages work on.
    const needsLock = !options.dryRun && command === undefined
    if (needsLock) await takeLock(config, shutdown, logger, stack)
    const history = stack.use(new HistoryObserver({ path: config.historyFile, logger, now: deps.now }))
    const execution = await execute({ ...options, command }, config, {
      logger,
      progressBar: consoleSink,
      signal: shutdown.signal,
      executionId: randomUUID(),
      observers: [history],
      currentDir: proc.cwd(),
      ...deps,
    })
    return concludeExecution(execution, shutdown.reason, logger)
  } catch (error) {
    if (shutdown.reason !== undefined && error === shutdown.signal.reason)
      return concludeExecution({ text: '', document: {}, exitCode: EXIT.failure }, shutdown.reason, logger)
    // The caller shows it on the console.
    createLogger('archiver', fileSinks, deps).critical(explainError(error))
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
    onLost: (reason) => {
      // A second start of the Python archiver empties the file before it finds out that it may not; the kernel's lock is still ours.
      if (reason === 'overwritten')
        return logger.warn(`Somebody wrote over the lock file '${config.lockFile}'; the lock itself is still held`)
      logger.warn(`The lock file '${config.lockFile}' was ${reason}: finishing the runs in flight, then stopping`)
      shutdown.request(`Lock file ${reason}`)
    },
  })
}

function concludeExecution(execution: Execution, interrupted: string | undefined, logger: Logger): Finished {
  if (interrupted !== undefined) {
    logger.warn(`Stopped early: ${interrupted}`)
    return { text: execution.text, document: { ...execution.document, interrupted }, exitCode: EXIT.interrupted }
  }
  if (execution.exitCode === EXIT.success) logger.info('Finished')
  else logger.warn('Finished with failures')
  return execution
}

function toJson(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`
}

/** A reader that went away, as in `archiver --report-status | head`, is no error; neither is a log that cannot be shown. */
function surviveOutputErrors(proc: ProcessLike): void {
  proc.stderr.on('error', () => undefined)
  proc.stdout.on('error', (error) => {
    if (errorCode(error) === 'EPIPE') return
    proc.stderr.write(`archiver: the result cannot be written: ${error.message}\n`)
    proc.exit(EXIT.failure)
  })
}

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${stack}`
}
