import { explainError } from '../cli/explain-error.js'
import type { ProcessLike } from '../cli/process-like.js'
import type { ArchiverConfig } from '../config/archiver-config.js'
import { ConsoleSink } from './console-sink.js'
import { formatRecord } from './format-record.js'
import { createLogger, type Logger, type LogSink } from './logger.js'
import type { Redactor } from './redact.js'
import { RotatingFile } from './rotating-file.js'

export interface LoggingOptions {
  readonly console: 'normal' | 'verbose' | 'quiet'
  /** Whether lines go to the log file, too. */
  readonly keepsLog: boolean
  /** Stands on lines that belong to no execution. */
  readonly sessionId: string
  readonly redactor: Redactor
  /** Epoch milliseconds. */
  readonly now: () => number
}

export interface Loggers {
  /** To the console and the log file. */
  readonly logger: Logger
  /** To the log file only: for what the console is told in another way. */
  readonly fileLogger: Logger
}

export interface Logging extends Disposable {
  loggersFor(executionId: string): Loggers
  readonly console: ConsoleSink
  /** From now on this process rotates the log file. For the one that holds the archiver's lock: a second start only adds its lines. */
  allowRotation(): void
  /** Goes on in a new log file, after another program has moved the old one away. */
  reopen(): void
}

/** The sinks that the configuration and the command line ask for. Trouble with the file is told on the console and stops nothing. */
export function openLogging(proc: ProcessLike, config: ArchiverConfig, options: LoggingOptions): Logging {
  const { sessionId, redactor, now } = options
  const { logFile: path, logFormat: format } = config
  const minLevel = options.console === 'verbose' ? 'DEBUG' : config.logLevel
  let mayRotate = false

  const console = new ConsoleSink(proc.stderr, options.console === 'quiet' ? 'WARNING' : minLevel, format)
  const file = path === undefined || !options.keepsLog ? undefined : openFile(path)
  const fileSinks: LogSink[] = file === undefined ? [] : [{ minLevel, format, write: (line) => file.write(line) }]
  return {
    loggersFor: (executionId) => {
      const deps = { now, executionId, redact: (text: string) => redactor.redact(text) }
      const fileLogger = createLogger('archiver', fileSinks, deps)
      return { logger: createLogger('archiver', [console, ...fileSinks], deps), fileLogger }
    },
    console,
    allowRotation: () => {
      mayRotate = true
    },
    reopen: () => file?.reopen(),
    [Symbol.dispose]: () => file?.close(),
  }

  function openFile(path: string): RotatingFile {
    const onError = (error: unknown): void => {
      proc.stderr.write(
        `archiver: the log file '${path}' cannot be written (${explainError(error)}); going on without it\n`,
      )
    }
    const describeLoss = (lines: number): string => {
      const message = `${lines} ${lines === 1 ? 'line is' : 'lines are'} missing here: this file could not be written`
      const record = { timeMs: now(), name: 'archiver', level: 'WARNING', message, executionId: sessionId } as const
      return formatRecord(record, format).join('\n')
    }
    return new RotatingFile(path, {}, { now, mayRotate: () => mayRotate, onError, describeLoss })
  }
}
