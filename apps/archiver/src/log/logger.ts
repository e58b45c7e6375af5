import type { LogLevel } from '../config/schema.js'
import { LOG_LEVELS } from '../config/schema.js'
import { formatRecord, type LogFormat, type LogRecord } from './format-record.js'

/** Receives finished lines, without a line end. */
export interface LogSink {
  readonly minLevel: LogLevel
  /** @default 'text' */
  readonly format?: LogFormat
  write(line: string): void
}

export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string): void
  critical(message: string): void
  /** A logger whose lines carry another component name. */
  named(name: string): Logger
}

export interface LoggerDeps {
  /** Epoch milliseconds. @default Date.now */
  readonly now?: () => number
  /** Stands on every line. @default none */
  readonly executionId?: string
  /** Takes credentials out of a message. @default nothing is taken out */
  readonly redact?: (text: string) => string
}

/** The form of the lines: see `formatRecord`. A sink that fails keeps neither the others nor the caller from going on. */
export function createLogger(name: string, sinks: readonly LogSink[], deps: LoggerDeps = {}): Logger {
  const { now = Date.now, executionId, redact = (text: string) => text } = deps
  const write = (level: LogLevel, message: string): void => {
    const rank = LOG_LEVELS.indexOf(level)
    const receivers = sinks.filter((sink) => rank >= LOG_LEVELS.indexOf(sink.minLevel))
    if (receivers.length === 0) return
    const record: LogRecord = { timeMs: now(), name, level, message: redact(message), executionId }
    for (const sink of receivers) for (const line of formatRecord(record, sink.format ?? 'text')) tryWrite(sink, line)
  }
  return {
    debug: (message) => write('DEBUG', message),
    info: (message) => write('INFO', message),
    warn: (message) => write('WARNING', message),
    error: (message) => write('ERROR', message),
    critical: (message) => write('CRITICAL', message),
    named: (other) => createLogger(other, sinks, deps),
  }
}

function tryWrite(sink: LogSink, line: string): void {
  try {
    sink.write(line)
  } catch {
    // There is no place left to tell it.
  }
}
