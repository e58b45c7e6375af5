import type { LogLevel } from '../config/schema.js'
import { LOG_LEVELS } from '../config/schema.js'

/** Receives finished lines, without a line end. */
export interface LogSink {
  readonly minLevel: LogLevel
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
}

/** Lines have the form of the Python archiver: `2026-01-31 13:45:00,123 - archiver.import - INFO - message`, in local time. */
export function createLogger(name: string, sinks: readonly LogSink[], deps: LoggerDeps = {}): Logger {
  const now = deps.now ?? Date.now
  const write = (level: LogLevel, message: string): void => {
    const rank = LOG_LEVELS.indexOf(level)
    const receivers = sinks.filter((sink) => rank >= LOG_LEVELS.indexOf(sink.minLevel))
    if (receivers.length === 0) return
    const prefix = `${formatTime(new Date(now()))} - ${name} - ${level} - `
    for (const line of message.split('\n')) for (const sink of receivers) sink.write(prefix + line)
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

function formatTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`
}
