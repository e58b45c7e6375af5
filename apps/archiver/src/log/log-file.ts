import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'

export interface LogFile {
  readonly descriptor: number
  readonly inode: number
  readonly device: number
  /** When its first line was written, epoch milliseconds. */
  bornAt: number
  /** It ends in the middle of a line. */
  torn: boolean
}

// O_NONBLOCK: no waiting for the reader of a pipe.
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK
const LINE_END = 10

export function openLogFile(path: string, now: number): LogFile {
  mkdirSync(dirname(path), { recursive: true })
  const descriptor = openSync(path, APPEND, 0o666)
  const status = fstatSync(descriptor)
  const isNew = status.size === 0 || !status.isFile()
  const found = isNew ? { bornAt: now, torn: false } : inspect(path, status)
  return { descriptor, inode: status.ino, device: status.dev, ...found }
}

/** Writes all bytes, after the end of a line that somebody left unfinished. */
export function writeWhole(file: LogFile, bytes: Uint8Array): void {
  const whole = file.torn ? Buffer.concat([Buffer.of(LINE_END), bytes]) : bytes
  let written = 0
  try {
    while (written < whole.length) written += writeSync(file.descriptor, whole, written)
    file.torn = false
  } catch (error) {
    if (written > 0) file.torn = whole[written - 1] !== LINE_END
    throw error
  }
}

export function statIfThere(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}

/** The first line says when it was written; the file's own times are those of a copy, or missing on some file systems. */
function inspect(path: string, status: Stats): Pick<LogFile, 'bornAt' | 'torn'> {
  const bytes = Buffer.alloc(128)
  try {
    const descriptor = openSync(path, 'r')
    try {
      const length = readSync(descriptor, bytes, 0, bytes.length, 0)
      const last = Buffer.alloc(1)
      readSync(descriptor, last, 0, 1, status.size - 1)
      return { bornAt: timeOf(bytes.toString('latin1', 0, length)) ?? status.birthtimeMs, torn: last[0] !== LINE_END }
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // A log that may be written and not read is a log, too.
    return { bornAt: status.birthtimeMs, torn: false }
  }
}

/** The time at the start of a line of text, which is local, or of JSON, which is in UTC. */
function timeOf(start: string): number | undefined {
  const [, day, time, milliseconds, zone] =
    /^(?:\{"time":")?(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)[,.](\d{3})(Z?)/.exec(start) ?? []
  const instant = Date.parse(`${day}T${time}.${milliseconds}${zone}`)
  return Number.isNaN(instant) ? undefined : instant
}
