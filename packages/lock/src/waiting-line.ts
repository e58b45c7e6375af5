import { isHeldElsewhere, type Native } from './native.js'

/**
 * The line of processes that wait for one lock, so that nobody overtakes: not a newcomer, and not the process that
 * released a moment ago and wants the lock again.
 *
 * The places are single bytes far behind the end of the lock file, each held by an open-file-description lock
 * (place 0 is the head). A newcomer joins behind everybody; who waits moves up when the place before is free; only
 * the head tries the lock. The kernel clears the places of the dead. A place gives no right to the lock: that is
 * flock's alone, so that a line in disorder costs fairness and never safety, and a waiter that makes no progress
 * may step out of line (see `stepAside`), because the one in front of it may be stopped.
 *
 * Where such locks do not exist, everybody is the head and the line is only a crowd.
 */
export class WaitingLine {
  readonly #setRange: Native['setRange']
  readonly #fd: number
  /** The places we hold, `[#first, #end)`: one while waiting, more only within one synchronous step. */
  #first = PLACES
  #end = PLACES
  #broken: boolean

  constructor(native: Native, fd: number) {
    this.#setRange = native.setRange
    this.#fd = fd
    this.#broken = native.setRange === undefined
  }

  /** The number of places in front of us; 0 means we may try the lock. */
  get position(): number {
    return this.#broken ? 0 : this.#first
  }

  /** Whether places can be held on this platform and file system. */
  get isOrdered(): boolean {
    return !this.#broken
  }

  /** Join the line, or move up in it, as far as it goes. True if that changed our position. */
  moveUp(): boolean {
    const before = this.#first
    if (before === 0 || this.#broken) return false
    // All at once is the common case: nobody waits.
    if (before === PLACES && this.#take(0)) return true
    let blocked = -1
    while (this.#first - blocked > 1 && !this.#broken) {
      const middle = before === PLACES ? Math.floor((blocked + this.#first) / 2) : this.#first - 1
      if (!this.#take(middle)) blocked = middle
    }
    return this.#first !== before
  }

  /** Keep the foremost of the places we hold and leave the rest to others. */
  settle(): void {
    if (this.#end - this.#first > 1) {
      this.#drop(this.#first + 1)
      this.#end = this.#first + 1
    }
  }

  /** Give up our place, having got the lock or to let `attempt` run without any lock of ours in its way. */
  leave(): void {
    if (this.#first === this.#end) return
    this.#drop(this.#first)
    this.#first = this.#end = PLACES
  }

  /** Run one attempt out of line; go back to our place if it fails. */
  stepAside(attempt: () => boolean): boolean {
    const [first, end] = [this.#first, this.#end]
    this.leave()
    if (attempt()) return true
    if (first < end) {
      this.#end = first + 1
      this.#first = this.#end
      if (!this.#take(first)) this.#first = this.#end = PLACES
    }
    return false
  }

  /** Extend what we hold down to `start`, all or nothing. */
  #take(start: number): boolean {
    const error = this.#setRange?.(this.#fd, true, BASE + start, this.#first - start) ?? 0
    if (error === 0) {
      this.#first = start
      return true
    }
    this.#broken ||= !isHeldElsewhere(error)
    return false
  }

  #drop(start: number): void {
    this.#setRange?.(this.#fd, false, BASE + start, this.#end - start)
  }
}

/** How many can wait in order; the others wait for the last place in no order. */
const PLACES = 256
/** Far behind any text, and within the offsets every file system can lock. */
const BASE = 2 ** 40
