import type { Alert, AlertChannel, Delivery } from './alert.js'

/** Sends, and rejects when there is no answer in time or soon after the signal is aborted, whatever the channel does. */
export async function sendWithin(
  channel: AlertChannel,
  alert: Alert,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<Delivery> {
  const controller = new AbortController()
  const stop = (reason: string) => (): void => controller.abort(new Error(reason))
  const timer = setTimeout(stop(`no answer within ${limits.timeoutMs / 1000} s`), limits.timeoutMs)
  const onAbort = stop('interrupted')
  limits.signal.addEventListener('abort', onAbort, { once: true })
  try {
    if (limits.signal.aborted) onAbort()
    return await Promise.race([channel.send(alert, controller.signal), rejectAfter(controller.signal)])
  } catch (error) {
    throw controller.signal.aborted ? controller.signal.reason : error
  } finally {
    clearTimeout(timer)
    limits.signal.removeEventListener('abort', onAbort)
  }
}

const GRACE_MS = 500

/** Gives a channel that was called off the time to say what had been accepted by then. */
function rejectAfter(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const later = (): void => void setTimeout(() => reject(signal.reason), GRACE_MS)
    if (signal.aborted) later()
    else signal.addEventListener('abort', later, { once: true })
  })
}
