/** A day as `YYYY-MM-DD`; such texts sort like the days. */
export type Day = string

const DAY_MS = 86_400_000

/** @throws RangeError for what is no day of the calendar, such as 2025-02-29 */
export function checkDay(name: string, text: string): Day {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || toDay(ms) !== text)
    throw new RangeError(`${name} must be a day like 2025-01-31, not '${text}'`)
  return text
}

export function addDays(day: Day, days: number): Day {
  return toDay(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS)
}

/** Tells the day that the calendar of a time zone shows. @throws RangeError for an unknown zone */
export function makeCalendar(timeZone: string): (epochMs: number) => Day {
  const format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  })
  return (epochMs) => {
    const parts = format.formatToParts(epochMs)
    const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
    return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`
  }
}

function toDay(epochMs: number): Day {
  return new Date(epochMs).toISOString().slice(0, 10)
}
