import type { Logger } from '../log/logger.js'
import type { ProcessLike } from './process-like.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const SIGNALS_FOR_IMMEDIATE_END = 3
const WINDOW_MS = 2_000

/** One request to stop, wherever it comes from: runs in flight are finished and recorded, no others are started. */
export class Shutdown {
  readonly #controller = new AbortController()
  #reason: string | undefined

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why a stop was asked for; `undefined` while none was. */
  get reason(): string | undefined {
    return this.#reason
  }

  request(reason: string): void {
    this.#reason ??= reason
    this.#controller.abort(new Error(reason))
  }
}

export interface SignalOptions {
  readonly shutdown: Shutdown
  readonly logger: Pick<Logger, 'warn'>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** What SIGHUP asks for. @default a stop, as the other signals do */
  readonly onHangup?: (() => void) | undefined
}

/** Turns signals into a shutdown; the third within two seconds ends the process at once. Returns what takes the handlers off again. */
export function listenForSignals(proc: ProcessLike, { shutdown, logger, now, onHangup }: SignalOptions): () => void {
  let recent: number[] = []
  const onSignal = (signal: NodeJS.Signals): void => {
    if (signal === 'SIGHUP' && onHangup !== undefined) {
      onHangup()
      return
    }
    recent = [...recent.filter((time) => now() - time <= WINDOW_MS), now()]
    if (recent.length >= SIGNALS_FOR_IMMEDIATE_END) {
      logger.warn('Stopping at once: asked three times')
      proc.exit(130)
    } else if (shutdown.reason === undefined) {
      logger.warn(
        `${signal}: finishing the runs in flight, then stopping; three signals within two seconds stop at once`,
      )
      shutdown.request(signal)
    } else {
      logger.warn(
        `${signal} again (${recent.length} of ${SIGNALS_FOR_IMMEDIATE_END} within two seconds for an immediate stop)`,
      )
    }
  }
  for (const signal of SIGNALS) proc.on(signal, onSignal)
  return () => {
    for (const signal of SIGNALS) proc.off(signal, onSignal)
  }
}
