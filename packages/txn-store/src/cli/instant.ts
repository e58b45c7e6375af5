/**
 * Epoch milliseconds of `2026-03-01T08:00:00Z`, also with a fraction, an offset, a blank for the `T`, without seconds or without a time. Without an offset
 * it is UTC, as in the history and in the names of backups. `undefined` when it is no such text or no such day.
 */
export function tryParseInstant(text: string): number | undefined {
  const match = INSTANT.exec(text)
  if (match === null) return undefined
  const [, date = '', time = '00:00', seconds = ':00', fraction = '.0', zone = 'Z'] = match
  if (!isDay(date)) return undefined
  const offset = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone
  const milliseconds = fraction.slice(0, 4).padEnd(4, '0')
  const instant = Date.parse(`${date}T${time}${seconds}${milliseconds}${offset}`)
  return Number.isNaN(instant) ? undefined : instant
}

const INSTANT = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,9})?(Z|[+-]\d{2}:?\d{2})?)?$/

/** `Date.parse` takes the 30th of February for the 2nd of March. */
function isDay(date: string): boolean {
  const parsed = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(date)
}
