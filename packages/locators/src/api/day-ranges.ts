import { addDays, type Day } from './dates.js'

/** Both days belong to it. */
export interface DateWindow {
  readonly from: Day
  readonly to: Day
}

/** With one more; sorted, and neighbours are one. */
export function withRange(ranges: readonly DateWindow[], added: DateWindow): DateWindow[] {
  const result: DateWindow[] = []
  let { from, to } = added
  for (const range of ranges) {
    if (range.to < addDays(from, -1) || range.from > addDays(to, 1)) {
      result.push(range)
    } else {
      from = earlier(range.from, from)
      to = later(range.to, to)
    }
  }
  return [...result, { from, to }].sort((a, b) => (a.from < b.from ? -1 : 1))
}

/** What of `whole` none of the ranges covers, oldest first. */
export function gapsOf(ranges: readonly DateWindow[], whole: DateWindow): DateWindow[] {
  const gaps: DateWindow[] = []
  let from = whole.from
  for (const range of ranges) {
    if (range.to < from) continue
    if (range.from > whole.to) break
    if (range.from > from) gaps.push({ from, to: addDays(range.from, -1) })
    from = addDays(range.to, 1)
  }
  if (from <= whole.to) gaps.push({ from, to: whole.to })
  return gaps
}

/** Cuts a gap into pieces of so many days; the last piece, in the direction of the walk, may be shorter. */
export function* cut(gap: DateWindow, days: number, direction: 'forward' | 'backward'): IterableIterator<DateWindow> {
  if (direction === 'forward') {
    for (let from = gap.from; from <= gap.to; from = addDays(from, days)) {
      const to = addDays(from, days - 1)
      yield { from, to: earlier(to, gap.to) }
    }
  } else {
    for (let to = gap.to; to >= gap.from; to = addDays(to, -days)) {
      const from = addDays(to, 1 - days)
      yield { from: later(from, gap.from), to }
    }
  }
}

function earlier(a: Day, b: Day): Day {
  return a.localeCompare(b, 'en') <= 0 ? a : b
}

function later(a: Day, b: Day): Day {
  return earlier(a, b) === a ? b : a
}
