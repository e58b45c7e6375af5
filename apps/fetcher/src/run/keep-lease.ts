import { setTimeout as sleep } from 'node:timers/promises'
import type { LeasedRequest, Locator, WorkRequest } from '@holdfast/locators'

const SECOND_MS = 1000
const EXTENSIONS_PER_LEASE = 3

/** Does `work` and extends the lease meanwhile. When the lease is lost, `work` is told by its signal, and that error is thrown in place of its own. */
export async function keepLease<R extends WorkRequest, T>(
  locator: Pick<Locator<R>, 'extend'>,
  leased: LeasedRequest<R>,
  seconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const lost = new AbortController()
  const extending = (async (): Promise<never> => {
    for (;;) {
      await sleep((seconds * SECOND_MS) / EXTENSIONS_PER_LEASE, undefined, { signal: over.signal })
      await locator.extend(leased, seconds)
    }
  })().catch((error: unknown) => {
    if (!over.signal.aborted) lost.abort(error)
  })
  try {
    return await work(AbortSignal.any([signal, lost.signal]))
  } finally {
    over.abort()
    await extending
    lost.signal.throwIfAborted()
  }
}
