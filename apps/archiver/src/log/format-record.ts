import type { LogLevel } from '../config/schema.js'

export type LogFormat = 'text' | 'json'

export interface LogRecord {
  /** Epoch milliseconds. */
  readonly timeMs: number
  /** Of the component that says it. */
  readonly name: string
  readonly level: LogLevel
  /** Without credentials. */
  readonly message: string
  readonly executionId: string | undefined
}

/**
 * The lines of a record. As text they have the form of the Python archiver, `2026-01-31 13:45:00,123 - archiver.import - INFO - message`, in
 * local time, one for each line of the message, and end in the first eight characters of the execution id: ` [3f9a1c2b]`. As JSON it is one
 * line with the instant in UTC and the whole id. Neither holds control characters that a terminal would act on.
 */
export function formatRecord(record: LogRecord, format: LogFormat): string[] {
  if (format === 'json') return [formatJson(record)]
  const { timeMs, name, level, message, executionId } = record
  const prefix = `${formatTime(new Date(timeMs))} - ${name} - ${level} - `
  const suffix = executionId === undefined ? '' : ` [${executionId.slice(0, 8)}]`
  return message.split(/\r?\n/).map((line) => prefix + showControlCharacters(line) + suffix)
}

function formatJson({ timeMs, name, level, message, executionId }: LogRecord): string {
  const [, stage, run] = /^\[(Import|Migration)\](?: \[Run (\d+)\])?/.exec(message) ?? []
  return showControlCharacters(
    JSON.stringify({
      time: new Date(timeMs).toISOString(),
      level,
      logger: name,
      execution: executionId,
      stage: stage?.toLowerCase(),
      run: run === undefined ? undefined : Number(run),
      message,
    }),
    (code) => `\\u${code.toString(16).padStart(4, '0')}`,
  )
}

/** Escape sequences, line ends of other systems and marks that turn the direction of reading: shown, not obeyed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

function showControlCharacters(text: string, show: (code: number) => string = showInText): string {
  return text.replace(CONTROL, (character) => show(character.charCodeAt(0)))
}

function showInText(code: number): string {
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`
}

function formatTime(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`
}
