import { addDays, checkDay, type Day, makeCalendar } from './dates.js'
import { cut, type DateWindow, gapsOf, withRange } from './day-ranges.js'

export interface WindowOptions {
  /** The first day, or so many days before today. */
  readonly start: Day | { readonly daysAgo: number }
  /** The last day; `null` is today, looked up again each time. @default null */
  readonly end?: Day | null | undefined
  /** Days per window. @default 1 */
  readonly stepDays?: number | undefined
  /** @default 'forward' */
  readonly direction?: 'forward' | 'backward' | undefined
  /** Windows it rejects are left out, and asked about again in later runs. */
  readonly filter?: ((window: DateWindow) => boolean) | undefined
  /** Where today is today. @default 'UTC' */
  readonly timeZone?: string | undefined
  /** For so many days after its end a window is not final: data may still come. @default 0 */
  readonly settleDays?: number | undefined
}

/** How far the walk is, kept under `state:`. */
export interface WalkState {
  /** Days whose requests are in the queue or done, and need not be made again. */
  readonly planned: readonly DateWindow[]
  /** When a window that was not over yet was last asked for, by `from..to`; epoch milliseconds of the store's clock. */
  readonly open: Readonly<Record<string, number>>
}

export interface PlannedWindow {
  readonly window: DateWindow
  /** Not over when it was asked for: it is fetched again in a later run. */
  readonly isOpen: boolean
}

export const NEW_WALK: WalkState = { planned: [], open: {} }

/** Pure: which windows are to be asked for next, given what was. Days are told apart, not counted, so an earlier start or a later end is just more days. */
export class DateWalk {
  readonly #options: WindowOptions
  readonly #step: number
  readonly #dayAt: (epochMs: number) => Day

  constructor(options: WindowOptions) {
    const { start, end, stepDays = 1, settleDays = 0, timeZone = 'UTC' } = options
    if (typeof start === 'string') checkDay('start', start)
    else wholeFrom('daysAgo', start.daysAgo, 0)
    if (typeof end === 'string') checkDay('end', end)
    wholeFrom('stepDays', stepDays, 1)
    wholeFrom('settleDays', settleDays, 0)
    this.#options = options
    this.#step = stepDays
    this.#dayAt = makeCalendar(timeZone)
  }

  /** Up to `count`; those that are open only if they were last asked for before `openBeforeMs`, so that a run asks once. */
  next(state: WalkState, count: number, nowMs: number, openBeforeMs: number): PlannedWindow[] {
    const { direction = 'forward', filter, settleDays = 0 } = this.#options
    const today = this.#dayAt(nowMs)
    const whole = this.#whole(today)
    const found: PlannedWindow[] = []
    const gaps = gapsOf(state.planned, whole)
    for (const gap of direction === 'forward' ? gaps : gaps.reverse()) {
      for (const window of cut(gap, this.#step, direction)) {
        if (found.length >= count) return found
        if (filter !== undefined && !filter(window)) continue
        const isOpen = addDays(window.to, settleDays) >= today
        const lastAsked = isOpen ? state.open[nameOf(window)] : undefined
        if (lastAsked !== undefined && lastAsked >= openBeforeMs) continue
        found.push({ window, isOpen })
      }
    }
    return found
  }

  #whole(today: Day): DateWindow {
    const { start, end } = this.#options
    return { from: typeof start === 'string' ? start : addDays(today, -start.daysAgo), to: end ?? today }
  }
}

/** The state once these windows were asked for. */
export function afterPlanning(state: WalkState, windows: readonly PlannedWindow[], nowMs: number): WalkState {
  let { planned } = state
  const open: Record<string, number> = { ...state.open }
  for (const { window, isOpen } of windows) {
    if (isOpen) open[nameOf(window)] = nowMs
    else planned = withRange(planned, window)
  }
  const stillOpen = Object.entries(open).filter(([name]) => {
    const [from = '', to = ''] = name.split('..')
    return gapsOf(planned, { from, to }).length > 0
  })
  return { planned, open: Object.fromEntries(stillOpen) }
}

function nameOf({ from, to }: DateWindow): string {
  return `${from}..${to}`
}

function wholeFrom(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least) {
    throw new RangeError(`${name} must be a whole number from ${least}, not ${value}`)
  }
}
