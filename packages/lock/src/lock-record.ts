/**
 * The text of a lock file: the holder's pid on the first line, where older programs expect it, and one line of JSON
 * for people on the second. It is always RECORD_BYTES long, padded with blanks, so that rewriting it never needs a
 * new disk block and a full disk cannot stop a holder from saying that it has released.
 *
 * The text decides nothing about who holds the lock; that is the kernel's business. It carries the token from holder
 * to holder, and tells whether the last exclusive holder released.
 */

/** Every record is exactly this long. */
export const RECORD_BYTES = 1024

/** What a lock file says about its holder. A program that writes only its pid leaves the rest `undefined`. */
export interface LockHolder {
  readonly pid: number
  readonly host: string | undefined
  /** When the lock was taken, ISO-8601 UTC. */
  readonly since: string | undefined
  /** The holder's command line, shortened. */
  readonly command: string | undefined
  readonly note: string | undefined
}

/** One exclusive holder, as written to the file. */
export interface LockRecord {
  readonly pid: number
  readonly token: number
  readonly host: string
  readonly since: string
  readonly command: string
  readonly note?: string | undefined
  /** When the holder released, ISO-8601 UTC; absent while it holds, and for ever if it died. */
  readonly released?: string | undefined
}

/** What could be read from a lock file. Everything is optional: the text may be torn, foreign or empty. */
export interface ParsedRecord {
  /** 0 when the file carries no usable token. */
  readonly token: number
  /** The first line, if it is a pid, with what the JSON line adds if it is about the same pid. */
  readonly holder: LockHolder | undefined
  /** `unknown` for a bare pid and for torn or foreign text: they do not tell how their program ended. */
  readonly state: 'held' | 'released' | 'unknown'
}

/** Build the bytes of a record; long texts are shortened until they fit. */
export function encodeRecord(record: LockRecord): Buffer {
  const { pid, token, since, released } = record
  const host = clip(record.host, MAX_HOST_BYTES)
  // A released lock keeps neither command nor note: they may be private and are of no use to anybody any more.
  const json =
    released === undefined
      ? JSON.stringify({
          v: FORMAT_VERSION,
          token,
          pid,
          host,
          since,
          command: clip(record.command, MAX_TEXT_BYTES),
          note: record.note === undefined ? undefined : clip(record.note, MAX_TEXT_BYTES),
        })
      : JSON.stringify({ v: FORMAT_VERSION, token, pid, host, since, released })
  const bytes = Buffer.alloc(RECORD_BYTES, ' ')
  bytes.write(`${pid}\n${json}`)
  bytes[RECORD_BYTES - 1] = NEWLINE
  return bytes
}

/** Read whatever the bytes of a lock file tell; never throws. */
export function parseRecord(bytes: Uint8Array): ParsedRecord {
  const [first = '', second = ''] = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    .toString('utf8')
    .split('\n', 2)
  const pid = readPid(first)
  const fields = readJson(second)
  const token = typeof fields.token === 'number' && isUsableToken(fields.token) ? fields.token : 0
  if (pid === undefined) return { token, holder: undefined, state: 'unknown' }
  // Text left over behind another program's pid is not about that program; only the token is still good.
  if (fields.pid !== pid) return { token, holder: describe(pid, {}), state: 'unknown' }
  return { token, holder: describe(pid, fields), state: fields.released === undefined ? 'held' : 'released' }
}

/** The next holder's token: more than the last one's, and never less than the clock, in case the file was deleted. */
export function nextToken(last: number, nowMicros: number): number {
  return Math.max(last + 1, nowMicros)
}

const FORMAT_VERSION = 1
const MAX_HOST_BYTES = 80
const MAX_TEXT_BYTES = 300
const NEWLINE = 0x0a

function isUsableToken(token: number): boolean {
  return token > 0 && Number.isSafeInteger(token + 1)
}

function readPid(line: string): number | undefined {
  const pid = /^\s*\d{1,10}\s*$/.test(line) ? Number(line) : 0
  return pid > 0 ? pid : undefined
}

function readJson(line: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

function describe(pid: number, { host, since, command, note }: Record<string, unknown>): LockHolder {
  return { pid, host: text(host), since: text(since), command: text(command), note: text(note) }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Shorten a text to at most `maxBytes` of JSON, and make control characters harmless for a terminal. */
function clip(value: string, maxBytes: number): string {
  const clean = value
    .slice(0, maxBytes + 1)
    .toWellFormed()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: taking them out is the point
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
  let bytes = 0
  let fitting = 0
  for (const character of clean) {
    bytes += jsonBytes(character)
    if (bytes > maxBytes) return `${clean.slice(0, fitting)}…`
    if (bytes <= maxBytes - ELLIPSIS_BYTES) fitting += character.length
  }
  return clean
}

const ELLIPSIS_BYTES = 3

/** How many bytes a character that is neither a control character nor half of a pair takes in a JSON text. */
function jsonBytes(character: string): number {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x80) return character === '"' || character === '\\' ? 2 : 1
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}
