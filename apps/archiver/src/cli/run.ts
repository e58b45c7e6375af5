import { randomUUID } from 'node:crypto'
import { errorCode, makeDirectory } from '@holdfast/atomic-file'
import { FileLock } from '@holdfast/lock'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { execute } from '../execute.js'
import type { Execution } from '../execution.js'
import type { Logger } from '../log/logger.js'
import { openSession, type Session } from '../session.js'
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
    const finished = await archive(proc, parsed.options, deps)
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

async function archive(proc: ProcessLike, options: ArchiverOptions, deps: Required<RunDeps>): Promise<Finished> {
  using session = await openSession(proc, options, deps)
  const shutdown = new Shutdown()
  const signals = { shutdown, now: deps.now }
  if (options.command?.name === 'watch') return await watchOver(proc, session, options, options.command, signals, deps)
  using stack = new DisposableStack()
  stack.defer(listenForSignals(proc, { ...signals, logger: session.logger }))
  return concludeExecution(await executeOnce(session, options, shutdown, deps), shutdown.reason, session.logger)
}

async function watchOver(
  proc: ProcessLike,
  session: Session,
  options: ArchiverOptions,
  request: WatchRequest,
  signals: Pick<SignalOptions, 'shutdown' | 'now'>,
  deps: Required<RunDeps>,
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
    execute: (current, shutdown) => executeOnce(current, each, shutdown, deps),
    onReload: (callback) => {
      onHangup = callback
    },
  })
}

async function executeOnce(
  session: Session,
  options: ArchiverOptions,
  shutdown: Shutdown,
  deps: Required<RunDeps>,
): Promise<Execution> {
  const { config, logger, fileLogger, progressBar } = session
  await using stack = new AsyncDisposableStack()
  try {
    // Commands change nothing that the stages work on.
    const needsLock = !options.dryRun && options.command === undefined
    if (needsLock) await takeLock(config, shutdown, logger, stack)
    const executionId = randomUUID()
    return await execute(options, config, {
      logger,
      progressBar,
      signal: shutdown.signal,
      executionId,
      observers: [],
      ...deps,
    })
  } catch (error) {
    // The caller shows it on the console.
    fileLogger.critical(explainError(error))
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
