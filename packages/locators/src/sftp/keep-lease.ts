import { setTimeout as sleep } from 'node:timers/promises'
import type { LeasedRequest, Locator, WorkRequest } from '../locator.js'

const SECOND_MS = 1000
const EXTENSIONS_PER_LEASE = 3

/**
 * Runs `work` and extends the lease as long as it takes. When the lease is lost, or cannot be extended, `work` is told by its signal, and that error is
 * thrown in place of its own.
 */
export async function keepLease<R extends WorkRequest, T>(
  locator: Pick<Locator<R>, 'extend'>,
  leased: LeasedRequest<R>,
  seconds: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const lost = new AbortController()
  const extending = (async () => {
    for (;;) {
      await sleep((seconds * SECOND_MS) / EXTENSIONS_PER_LEASE, undefined, { signal: over.signal, ref: false })
      await locator.extend(leased, seconds)
    }
  })().catch((error: unknown) => {
    if (!over.signal.aborted) lost.abort(error)
  })
  try {
    return await work(signal === undefined ? lost.signal : AbortSignal.any([signal, lost.signal]))
  } finally {
    over.abort()
    await extending
    if (lost.signal.aborted) lost.signal.throwIfAborted()
  }
}
