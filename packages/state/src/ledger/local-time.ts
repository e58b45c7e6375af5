/**
 * The date-times of processed.json: `2026-03-02T08:15:00.120000`, local time without a zone, as Python's `datetime.now().isoformat()` writes them; the
 * fraction is left out when it is zero. Read is whatever `fromisoformat` reads: a date alone, a blank for the T, an offset or Z.
 */

/** @param epochMs an instant, in milliseconds */
export function formatLocalTime(epochMs: number): string {
  const time = new Date(epochMs)
  const date = [pad(time.getFullYear(), 4), pad(time.getMonth() + 1, 2), pad(time.getDate(), 2)].join('-')
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => pad(part, 2)).join(':')
  const micros = Math.floor((epochMs - Math.floor(epochMs / 1000) * 1000) * 1000)
  return `${date}T${clock}${micros === 0 ? '' : `.${pad(micros, 6)}`}`
}

/** The instant in epoch milliseconds, `undefined` for anything that is not a date-time. */
export function parseLocalTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined
  // Nearly all are of this form, and Date.parse takes its first 23 characters for local time.
  if (CANONICAL.test(text)) return orUndefined(Date.parse(text.slice(0, 23)))
  const match = DATE_TIME.exec(text.trim())
  if (match === null) return undefined
  const [, date = '', clock = '00:00', fraction = '', zone = ''] = match
  const epochMs = Date.parse(`${expandDate(date)}T${expandClock(clock)}${zone.toUpperCase()}`)
  return orUndefined(epochMs + Number(fraction.slice(1, 4).padEnd(3, '0')))
}

const CANONICAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?$/

const DATE_TIME = /^(\d{4}-?\d{2}-?\d{2})(?:[T ](\d{2}(?::?\d{2}(?::?\d{2})?)?)([.,]\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?$/i

function orUndefined(epochMs: number): number | undefined {
  return Number.isNaN(epochMs) ? undefined : epochMs
}

function expandDate(date: string): string {
  const digits = date.replaceAll('-', '')
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`
}

function expandClock(clock: string): string {
  const digits = clock.replaceAll(':', '').padEnd(6, '0')
  return `${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0')
}
