/** Random walks against a plain set of days: whatever the options of each run, every wanted day is asked for once when it is over, and once per run before. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { afterPlanning, DateWalk, NEW_WALK, type WalkState, type WindowOptions } from '../../src/api/date-walk.ts'
import { addDays, checkDay, makeCalendar } from '../../src/api/dates.ts'
import type { DateWindow } from '../../src/api/day-ranges.ts'

const DAY_MS = 86_400_000
const FIRST = '2024-02-20'

function daysOf({ from, to }: DateWindow): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

interface Run {
  readonly start: number
  readonly length: number | null
  readonly stepDays: number
  readonly direction: 'forward' | 'backward'
  readonly settleDays: number
  readonly atOnce: number
  readonly laterDays: number
}

const run: fc.Arbitrary<Run> = fc.record({
  start: fc.integer({ min: 0, max: 30 }),
  length: fc.option(fc.integer({ min: 0, max: 25 })),
  stepDays: fc.integer({ min: 1, max: 5 }),
  direction: fc.constantFrom('forward', 'backward'),
  settleDays: fc.integer({ min: 0, max: 3 }),
  atOnce: fc.integer({ min: 1, max: 4 }),
  laterDays: fc.integer({ min: 0, max: 4 }),
})

test('DateWalk asks for each day of each run, finally once', () => {
  fc.assert(
    fc.property(fc.array(run, { minLength: 1, maxLength: 8 }), (runs) => {
      let state: WalkState = NEW_WALK
      const final = new Set<string>()
      let nowMs = Date.parse(`${addDays(FIRST, 20)}T12:00:00Z`)
      for (const { start, length, atOnce, laterDays, ...options } of runs) {
        nowMs += laterDays * DAY_MS + 1
        const from = addDays(FIRST, start)
        const today = new Date(nowMs).toISOString().slice(0, 10)
        const windows: WindowOptions = { ...options, start: from, end: length === null ? null : addDays(from, length) }
        const walk = new DateWalk(windows)
        const asked: string[] = []
        for (;;) {
          const next = walk.next(state, atOnce, nowMs, nowMs)
          expect(next.length).toBeLessThanOrEqual(atOnce)
          if (next.length === 0) break
          state = JSON.parse(JSON.stringify(afterPlanning(state, next, nowMs))) as WalkState
          for (const { window, isOpen } of next) {
            expect(daysOf(window).length).toBeLessThanOrEqual(options.stepDays)
            expect(isOpen).toBe(addDays(window.to, options.settleDays) >= today)
            for (const day of daysOf(window)) {
              expect(final.has(day), `${day} was final`).toBe(false)
              asked.push(day)
            }
            if (!isOpen) for (const day of daysOf(window)) final.add(day)
          }
        }
        expect(new Set(asked).size).toBe(asked.length)
        const wanted = daysOf({ from, to: windows.end ?? today })
        const missing = wanted.filter((day) => !final.has(day) && !asked.includes(day))
        expect(missing).toEqual([])
      }
    }),
  )
})

test.each(['2025-02-29', '2025-13-01', '2025-1-1', '', '20250101', '2025-00-10', '2025-04-31'])(
  'checkDay() refuses %s',
  (text) => {
    expect(() => checkDay('start', text)).toThrow(RangeError)
  },
)

test('makeCalendar() knows days that begin at another time', () => {
  const ms = Date.parse('2025-03-30T23:30:00Z')
  expect(
    ['UTC', 'Europe/Paris', 'America/New_York', 'Pacific/Kiritimati'].map((zone) => makeCalendar(zone)(ms)),
  ).toEqual(['2025-03-30', '2025-03-31', '2025-03-30', '2025-03-31'])
  expect(() => makeCalendar('Mars/Olympus')).toThrow(RangeError)
})
