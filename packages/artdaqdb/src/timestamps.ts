/**
 * The instant as the database writes it: local time with milliseconds and offset, always 28 characters.
 *
 * @param offsetMinutes East of Greenwich. @default the offset of the process's time zone at that instant
 * @example formatTimestamp(0, -360) // '1969-12-31T18:00:00.000-0600'
 */
export function formatTimestamp(
  epochMs: number,
  offsetMinutes: number = -new Date(epochMs).getTimezoneOffset(),
): string {
  const local = new Date(epochMs + offsetMinutes * 60_000).toISOString().slice(0, -1)
  const distance = Math.abs(offsetMinutes)
  const hours = String(Math.floor(distance / 60)).padStart(2, '0')
  const minutes = String(distance % 60).padStart(2, '0')
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${hours}${minutes}`
}

const TIMESTAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})(?:Z|([+-]\d\d):?(\d\d))$/

/** The instant in epoch ms, `undefined` when the text is not a timestamp. (The original ignores the offset when it reads.) */
export function parseTimestamp(text: string): number | undefined {
  const match = TIMESTAMP.exec(text)
  if (match === null) return undefined
  const epochMs = Date.parse(match[2] === undefined ? text : `${match[1]}${match[2]}:${match[3]}`)
  return Number.isNaN(epochMs) ? undefined : epochMs
}
