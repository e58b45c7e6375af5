import { setTimeout as pause } from 'node:timers/promises'

export interface RetryDeps {
  /** At least 0, below 1. */
  readonly random: () => number
}

/** Worth another attempt; the last one's `error` is what the caller gets. */
export interface Failed {
  readonly retry: true
  readonly error: Error
}

export type Attempt<T> = { readonly retry: false; readonly value: T } | Failed

const ATTEMPTS = 4
const FIRST_PAUSE_MS = 200

/** Makes an attempt up to four times, with pauses that double and are jittered; errors that are thrown end it at once. */
export async function retrying<T>(
  attempt: () => Promise<Attempt<T>>,
  signal: AbortSignal | undefined,
  { random }: RetryDeps,
): Promise<T> {
  for (let number = 1; ; number += 1) {
    const outcome = await attempt()
    if (!outcome.retry) return outcome.value
    if (number === ATTEMPTS) throw outcome.error
    const pauseMs = FIRST_PAUSE_MS * 2 ** (number - 1) * (0.5 + random())
    await pause(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted())
  }
}
