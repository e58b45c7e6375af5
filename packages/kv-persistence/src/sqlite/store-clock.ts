import type { ClockDeps } from '../driver/clock.js'

/** Where the clock of a database stands: at `monotonicMs` of this start of the machine it was `timeMs`. */
export interface ClockAnchor {
  readonly bootId: string | null
  readonly monotonicMs: number
  readonly timeMs: number
}

/**
 * A clock that all processes on one database share and no step of the wall clock moves: it goes by the machine's monotonic clock from an anchor
 * in the database. Only after a restart of the machine the wall clock is asked how long that took, and never believed to have gone back.
 */
export class StoreClock {
  readonly #clock: ClockDeps
  readonly #anchor: ClockAnchor

  constructor(clock: ClockDeps, anchor: ClockAnchor) {
    this.#clock = clock
    this.#anchor = anchor
  }

  nowMs(): number {
    return Math.floor(this.#anchor.timeMs + (this.#clock.monotonicMs() - this.#anchor.monotonicMs))
  }
}

/** The anchor to go by: the stored one if it is of this start of the machine, else a new one, not before `seenMs`. */
export function chooseAnchor(clock: ClockDeps, stored: ClockAnchor | undefined, seenMs: number): ClockAnchor {
  const bootId = clock.bootId() ?? null
  const monotonicMs = clock.monotonicMs()
  const isOfThisStart = bootId !== null && stored?.bootId === bootId && stored.monotonicMs <= monotonicMs
  if (stored !== undefined && isOfThisStart) return stored
  return { bootId, monotonicMs, timeMs: Math.max(clock.wallMs(), seenMs) }
}
