/** Something that has to be over in time. */
export interface Pending {
  readonly startedMs: number
  readonly overdue: () => void
}

/**
 * One timer for any number of deadlines of the same length: starting and stopping one for each operation would cost a good part of the operation. It
 * keeps the process alive only while something is pending.
 */
export class Deadlines {
  readonly #timeoutMs: number
  readonly #pending: Set<Pending> = new Set()
  readonly #idle: Set<() => void> = new Set()
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  add(pending: Pending): void {
    this.#pending.add(pending)
    if (this.#timer === undefined) this.#wait(this.#timeoutMs)
    else if (this.#pending.size === 1) this.#timer.ref()
  }

  /** Whether it was still pending. */
  remove(pending: Pending): boolean {
    const was = this.#pending.delete(pending)
    if (was && this.#pending.size === 0) {
      this.#timer?.unref()
      for (const tell of this.#idle) tell()
      this.#idle.clear()
    }
    return was
  }

  /** Resolves when nothing is pending. */
  async idle(): Promise<void> {
    while (this.#pending.size > 0) await new Promise<void>((resolve) => this.#idle.add(resolve))
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#look(), Math.max(1, ms))
  }

  /** What was added first is due first. */
  #look(): void {
    this.#timer = undefined
    for (const pending of this.#pending) {
      const leftMs = pending.startedMs + this.#timeoutMs - performance.now()
      if (leftMs > 0.5) {
        this.#wait(leftMs)
        return
      }
      this.remove(pending)
      pending.overdue()
    }
  }
}
