import type { OutputStream, Terminal } from '@holdfast/cli-kit'
import { estimateSecondsLeft } from '../run/remaining.js'
import type { RunView } from '../run/run-fetcher.js'
import { formatBytes, formatCount, formatSeconds } from './format.js'

const REDRAW_MS = 200
const ESTIMATE_MS = 2000
const CLEAR = '\r\u001b[K'

/** One line on a terminal that is drawn over and over; nothing where there is no terminal. */
export class ProgressLine {
  readonly #stream: OutputStream
  readonly #terminal: Terminal
  readonly #name: string
  readonly #startedMs = performance.now()
  #view: RunView | undefined
  #timers: NodeJS.Timeout[] = []
  #secondsLeft: number | undefined
  #isDrawn = false

  constructor(stream: OutputStream, terminal: Terminal, name: string) {
    this.#stream = stream
    this.#terminal = terminal
    this.#name = name
  }

  start(view: RunView): void {
    this.#view = view
    if (!this.#terminal.isTerminal) return
    const draw = setInterval(() => this.#draw(), REDRAW_MS)
    const estimate = setInterval(() => {
      const elapsed = (performance.now() - this.#startedMs) / 1000
      estimateSecondsLeft(view, elapsed).then(
        (seconds) => {
          this.#secondsLeft = seconds
        },
        () => undefined,
      )
    }, ESTIMATE_MS)
    this.#timers = [draw, estimate]
  }

  /** Something else is written, and the line is drawn below it. */
  aside(write: () => void): void {
    this.#clear()
    write()
  }

  end(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#clear()
  }

  hide(text: string): string {
    return this.#view?.config.credentials.hide(text) ?? text
  }

  #clear(): void {
    if (!this.#isDrawn) return
    this.#isDrawn = false
    this.#stream.write(CLEAR, () => undefined)
  }

  #draw(): void {
    if (this.#view === undefined) return
    const { pages, items, bytes, failures, givenUp } = this.#view.counts()
    const elapsed = (performance.now() - this.#startedMs) / 1000
    const parts = [
      `${formatCount(pages)} pages`,
      `${formatCount(items)} items`,
      `${(pages / Math.max(elapsed, 0.001)).toFixed(1)} pages/s`,
      formatBytes(bytes),
      ...(failures > 0
        ? [`${formatCount(failures)} failed${givenUp > 0 ? `, ${formatCount(givenUp)} given up` : ''}`]
        : []),
      ...(this.#secondsLeft === undefined ? [] : [`about ${formatSeconds(this.#secondsLeft)} left`]),
    ]
    this.#isDrawn = true
    this.#stream.write(`${CLEAR}${this.#terminal.fit(`${this.#name}: ${parts.join(', ')}`, 1)}`, () => undefined)
  }
}
