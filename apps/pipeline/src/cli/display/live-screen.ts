import type { LogUpdate } from './log-update.js'

/** Lines at the end of a terminal that are drawn again and again, below others that stay. */
export class LiveScreen implements Disposable {
  readonly #log: LogUpdate
  readonly #render: () => readonly string[]
  readonly #timer: NodeJS.Timeout

  constructor(log: LogUpdate, render: () => readonly string[], intervalMs: number = DEFAULT_INTERVAL_MS) {
    this.#log = log
    this.#render = render
    this.#timer = setInterval(() => this.draw(), intervalMs)
    this.#timer.unref()
  }

  draw(): void {
    this.#log(this.#render().join('\n'))
  }

  /** A line that stays. */
  note(line: string): void {
    this.#log.persist(line)
    this.draw()
  }

  /** Takes the lines away. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#log.clear()
    this.#log.done()
  }
}

const DEFAULT_INTERVAL_MS = 150
