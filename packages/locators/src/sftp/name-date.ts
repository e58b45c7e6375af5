/** `YYYY-MM-DD`; sorts as text. */
export type CalendarDate = string

export interface DateFilter {
  /** The first day that is wanted. */
  readonly from?: CalendarDate | undefined
  /** The last day that is wanted. */
  readonly until?: CalendarDate | undefined
  /** What to do with a name without a date. @default 'skip' */
  readonly undated?: 'skip' | 'take' | undefined
}

// Digits that belong to a longer number are no date, unless what follows is a time: 20260131, 202601312359, 20260131235959, 2026-01-31, 2026_01_31.
const WRITTEN_DATE =
  /(?<!\d)(?:(?<year>\d{4})(?<sign>[-_.]?)(?<month>\d{2})\k<sign>(?<day>\d{2}))(?:(?<hour>[01]\d|2[0-3])(?<minute>[0-5]\d)(?<second>[0-5]\d)?)?(?!\d)/g
const FIRST_YEAR = 1900
const LAST_YEAR = 2999

/**
 * The first date in a name that is a day of the calendar, of 1900 to 2999. Digits within a longer number are none: `120250829` has no date, and `20251399`
 * and `20250230` are no days.
 *
 * @example dateInName('20250829c.txt') // '2025-08-29'
 */
export function dateInName(name: string): CalendarDate | undefined {
  for (const { groups } of name.matchAll(WRITTEN_DATE)) {
    const date = `${groups?.['year']}-${groups?.['month']}-${groups?.['day']}`
    if (isCalendarDate(date)) return date
  }
  return undefined
}

export function isCalendarDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const [year = 0, month = 0, day = 0] = text.split('-').map(Number)
  if (year < FIRST_YEAR || year > LAST_YEAR) return false
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

/**
 * Whether a file with this name is wanted.
 *
 * @throws RangeError at once when a bound is no day of the calendar, or `from` is after `until`
 */
export function makeDateFilter({ from, until, undated = 'skip' }: DateFilter): (name: string) => boolean {
  for (const [option, value] of Object.entries({ from, until })) {
    if (value !== undefined && !isCalendarDate(value)) {
      throw new RangeError(`'${option}' must be a day such as 2026-01-31, not '${value}'`)
    }
  }
  if (from !== undefined && until !== undefined && from > until) {
    throw new RangeError(`'from' (${from}) is after 'until' (${until})`)
  }
  return (name) => {
    const date = dateInName(name)
    if (date === undefined) return undated === 'take'
    return (from === undefined || date >= from) && (until === undefined || date <= until)
  }
}
