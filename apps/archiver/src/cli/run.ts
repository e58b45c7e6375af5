import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { OutputError, printResult } from '@holdfast/cli-kit'
import { FileLock } from '@holdfast/lock'
import { runDoctor } from '../commands/doctor.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { execute } from '../execute.js'
import type { Execution } from '../execution.js'
import { HistoryObserver } from '../history/history-observer.js'
import { ConsoleSink } from '../log/console-sink.js'
import { hideSecrets } from '../log/hide-secrets.js'
import { createLogger, type Logger } from '../log/logger.js'
import type { Loggers } from '../log/open-logging.js'
import { Redactor } from '../log/redact.js'
import { type Metrics, openMetrics } from '../metrics/open-metrics.js'
import { openSession, type Session } from '../session.js'
import type { ArchiverObserver } from '../stages/run-events.js'
import { readVersion } from '../version.js'
import { connectServiceManager } from '../watch/service-manager.js'
import { watch } from '../watch/watch.js'
import { EXIT, exitCodeFor } from './exit-codes.js'
import { explainError } from './explain-error.js'
import { type ArchiverOptions, parseCommandLine } from './options.js'
import type { ProcessLike } from './process-like.js'
import { listenForSignals, Shutdown, type SignalOptions } from './shutdown.js'
import type { WatchRequest } from './subcommands.js'

type Finished = Omit<Execution, 'exitCode'> & { readonly exitCode: number }

const LOCK_CHECK_MS = 1_000

export interface RunDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** At least 0, below 1. @default Math.random */
  readonly random?: () => number
}

type ProgramDeps = Required<RunDeps> & { readonly redactor: Redactor }

/** The whole program: reads the command line of `proc`, does the work, prints the result, and resolves to the exit code. */
export async function run(proc: ProcessLike, givenDeps: RunDeps = {}): Promise<number> {
  // What cannot be printed is told by the callback of its write; a log that cannot be shown stops nothing.
  for (const stream of [proc.stdout, proc.stderr]) stream.on('error', () => undefined)
  const asJson = proc.argv.includes('--json')
  const redactor = new Redactor()
  try {
    const parsed = parseCommandLine(proc.argv.slice(2), readVersion())
    if ('printed' in parsed) {
      await printResult(proc.stdout, parsed.printed)
      return EXIT.success
    }
    const deps = { now: givenDeps.now ?? Date.now, random: givenDeps.random ?? Math.random, redactor }
    const isDoctor = parsed.options.command?.name === 'doctor'
    const finished = await (isDoctor ? doctor : archive)(proc, parsed.options, deps)
    const { exitCode, text } = finished
    const document = (): object => redactor.redactDocument({ ...finished.document, exitCode })
    await printResult(proc.stdout, asJson ? toJson(document()) : redactor.redact(text))
    return exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error)
    const isKnown = exitCode === EXIT.failure || errorCode(error) === 'ERR_USAGE'
    proc.stderr.write(`archiver: ${redactor.redact(isKnown ? explainError(error) : describeBug(error))}\n`)
    const message = redactor.redact(explainError(error))
    if (asJson && !(error instanceof OutputError)) {
      const told = toJson({ error: { code: errorCode(error), message }, exitCode })
      await printResult(proc.stdout, told).catch(() => undefined)
    }
    return exitCode
  }
}

/** Needs no configuration that can be used: finding out why it cannot be is its work. */
async function doctor(proc: ProcessLike, options: ArchiverOptions, deps: ProgramDeps): Promise<Finished> {
  const level = options.console === 'verbose' ? 'DEBUG' : 'CRITICAL'
  const logger = createLogger('archiver', [new ConsoleSink(proc.stderr, level)], {
    now: deps.now,
    redact: (text) => deps.redactor.redact(text),
  })
  const shutdown = new Shutdown()
  using stack = new DisposableStack()
  stack.defer(listenForSignals(proc, { shutdown, logger, now: deps.now }))
  const { configPath, workDir } = options
  const execution = await runDoctor(
    { configPath, workDir, env: proc.env, currentDir: proc.cwd() },
    { logger, signal: shutdown.signal, now: deps.now, uid: process.getuid?.(), nodeVersion: process.versions.node },
  )
  return shutdown.reason === undefined ? execution : { ...execution, exitCode: EXIT.interrupted }
}

async function archive(proc: ProcessLike, options: ArchiverOptions, deps: ProgramDeps): Promise<Finished> {
  using session = await openSession(proc, options, deps)
  const shutdown = new Shutdown()
  const signals = { shutdown, now: deps.now }
  if (options.command?.name === 'watch') return await watchOver(proc, session, options, options.command, signals, deps)
  using stack = new DisposableStack()
  stack.defer(listenForSignals(proc, { ...signals, logger: session.logger }))
  return concludeExecution(await executeOnce(session, options, shutdown, deps, ALONE), shutdown.reason, session.logger)
}

async function watchOver(
  proc: ProcessLike,
  session: Session,
  options: ArchiverOptions,
  request: WatchRequest,
  signals: Pick<SignalOptions, 'shutdown' | 'now'>,
  deps: ProgramDeps,
): Promise<Execution> {
  let onHangup = (): void => undefined
  let { logger } = session
  using stack = new DisposableStack()
  const tell = { warn: (message: string) => logger.warn(message) }
  stack.defer(listenForSignals(proc, { ...signals, logger: tell, onHangup: () => onHangup() }))
  const serviceManager = stack.use(connectServiceManager(proc.env, session.logger))
  const each: ArchiverOptions = { ...options, command: undefined }
  return await watch(session, request, {
    shutdown: signals.shutdown,
    serviceManager,
    openSession: async () => {
      const read = await openSession(proc, options, deps)
      logger = read.logger
      return read
    },
    execute: (current, shutdown) =>
      executeOnce(current, each, shutdown, deps, { ...WATCHING, settleMs: request.settleMs }),
    onReload: (callback) => {
      onHangup = callback
    },
  })
}

interface ExecutionSetting {
  /** Tells of an error that ends the execution. */
  readonly tell: (loggers: Loggers, error: unknown) => void
  /** See `ExecuteContext`. */
  readonly settleMs?: number
}

/** The console is told when the program ends. */
const ALONE: ExecutionSetting = { tell: ({ fileLogger }, error) => fileLogger.critical(explainError(error)) }

/** Others may work on the site, too: that is no alarm. */
const WATCHING: ExecutionSetting = {
  tell: ({ logger }, error) => {
    if (errorCode(error)?.startsWith('ERR_LOCK') === true) logger.warn(explainError(error))
    else logger.critical(explainError(error))
  },
}

async function executeOnce(
  session: Session,
  options: ArchiverOptions,
  shutdown: Shutdown,
  deps: ProgramDeps,
  { tell, settleMs }: ExecutionSetting,
): Promise<Execution> {
  const { config, progressBar, currentDir } = session
  const { executionId, ...loggers } = session.beginExecution()
  const { logger } = loggers
  await using stack = new AsyncDisposableStack()
  let metrics: Metrics | undefined
  try {
    // Commands change nothing that the stages work on.
    const needsLock = !options.dryRun && options.command === undefined
    if (needsLock) {
      const { mode } = options
      // Closed after the lock, which nobody shall miss for a slow host of metrics.
      metrics = stack.use(await openMetrics(config, { ...deps, mode, logger, version: readVersion() }))
      await metrics.timeLock(() => takeLock(config, shutdown, logger, stack))
      session.allowLogRotation()
    }
    const history = stack.use(new HistoryObserver({ path: config.historyFile, logger, now: deps.now }))
    const observers: ArchiverObserver[] = metrics === undefined ? [history] : [history, metrics.observer]
    const execution = await execute(options, config, {
      logger,
      progressBar,
      signal: shutdown.signal,
      executionId,
      observers: observers.map((observer) => hideSecrets(observer, deps.redactor)),
      metrics,
      currentDir,
      ...(settleMs === undefined ? {} : { settleMs }),
      ...deps,
    })
    await metrics?.executionFinished(shutdown.reason === undefined ? execution.exitCode : EXIT.interrupted)
    return execution
  } catch (error) {
    await metrics?.executionFinished(exitCodeFor(error))
    if (shutdown.reason !== undefined && error === shutdown.signal.reason)
      return { text: '', document: {}, exitCode: EXIT.failure }
    tell(loggers, error)
    throw error
  }
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

function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${stack}`
}
