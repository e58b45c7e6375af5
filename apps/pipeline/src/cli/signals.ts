import { errorCode } from '@holdfast/atomic-file'
import type { ProcessLike } from '@holdfast/cli-kit'
import { InterruptedError } from '@holdfast/cli-kit'

export interface Requests {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  /** Aborts at the second. */
  readonly hurry: AbortSignal
}

/**
 * Turns SIGINT, SIGTERM and SIGHUP into requests to stop while the work goes on: the first calls it off, the second leaves no more time. What the work
 * throws because it was called off becomes an InterruptedError.
 */
export async function interruptible<T>(
  proc: ProcessLike,
  onSignal: (text: string) => void,
  work: (requests: Requests) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const hurry = new AbortController()
  const listener = (signal: NodeJS.Signals): void => {
    if (!stop.signal.aborted) {
      onSignal(`${signal}: ending what runs; a second signal gives it no more time`)
      stop.abort(new InterruptedError(`Interrupted by ${signal}`))
    } else if (!hurry.signal.aborted) {
      onSignal(`${signal}: ending it at once`)
      hurry.abort(stop.signal.reason)
    }
  }
  for (const name of SIGNALS) proc.on(name, listener)
  try {
    return await work({ signal: stop.signal, hurry: hurry.signal })
  } catch (error) {
    // Timers, locks and questions reject in their own ways when they are called off.
    if (stop.signal.aborted && errorCode(error)?.startsWith('ERR_STATE') !== true) throw stop.signal.reason
    throw error
  } finally {
    for (const name of SIGNALS) proc.off(name, listener)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
