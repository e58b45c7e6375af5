import { explainError } from '../cli/explain-error.js'
import type { Logger } from '../log/logger.js'
import type { ArchiverObserver, RunEvent } from '../stages/run-events.js'
import { RunHistory } from './run-history.js'

export interface HistoryObserverOptions {
  readonly path: string
  readonly logger: Logger
  /** Epoch milliseconds. */
  readonly now: () => number
}

/**
 * Writes the run history beside the work: runs do not wait for it, the end of a stage does. The file is opened by the first event, so an execution that
 * processes nothing leaves it alone. A failure to write is a warning, once until writing works again, and costs the events it was about.
 */
export class HistoryObserver implements ArchiverObserver, AsyncDisposable {
  readonly #options: HistoryObserverOptions
  #history: RunHistory | undefined
  #waiting: RunEvent[] = []
  #writing: Promise<void> | undefined
  #isFailing = false

  constructor(options: HistoryObserverOptions) {
    this.#options = options
  }

  runFinished(event: RunEvent): void {
    this.#waiting.push(event)
    this.#writing ??= this.#writeAll()
  }

  async stageFinished(): Promise<void> {
    await this.#writing
  }

  async close(): Promise<void> {
    await this.#writing
    const history = this.#history
    this.#history = undefined
    await history?.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #writeAll(): Promise<void> {
    // Events that come in while others are written go together.
    while (this.#waiting.length > 0) {
      const events = this.#waiting
      this.#waiting = []
      await this.#write(events)
    }
    this.#writing = undefined
  }

  async #write(events: readonly RunEvent[]): Promise<void> {
    const { path, logger, now } = this.#options
    try {
      this.#history ??= await RunHistory.open(path, { now, warn: (message) => logger.warn(message) })
      await this.#history.append(events)
      if (this.#isFailing) logger.info(`The run history '${path}' is written again`)
      this.#isFailing = false
    } catch (error) {
      if (!this.#isFailing)
        logger.warn(
          `The run history '${path}' cannot be written; the archiving goes on without: ${explainError(error)}`,
        )
      this.#isFailing = true
    }
  }
}
