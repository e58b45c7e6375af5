import { AttemptError } from '../errors.js'
import type { FunctionWork, PhaseContext } from '../pipeline.js'
import type { Attempt } from './attempt.js'
import type { RunContext } from './run-context.js'

/**
 * Runs a phase that is a function, in this process. What does not listen to its signal cannot be ended: it is waited for no longer than the grace.
 *
 * @throws AttemptError
 */
export async function runFunction(
  { run }: FunctionWork,
  context: Omit<PhaseContext, 'signal'>,
  { phase }: Attempt,
  { signal: whole, graceMs, hurry }: RunContext,
): Promise<void> {
  const stop = new AbortController()
  const onAbort = (): void => stop.abort(new AttemptError('Cancelled', 'Called off'))
  if (whole.aborted) onAbort()
  stop.signal.throwIfAborted()
  whole.addEventListener('abort', onAbort, { once: true })
  const { timeoutMs } = phase
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => stop.abort(new AttemptError('Timeout', `Not done within ${timeoutMs / 1000} s`)), timeoutMs)
  let late: NodeJS.Timeout | undefined
  const gaveUp = new Promise<never>((_, reject) => {
    stop.signal.addEventListener('abort', () => {
      const giveUp = (): void => reject(stop.signal.reason)
      late = setTimeout(giveUp, graceMs)
      if (hurry?.aborted) giveUp()
      hurry?.addEventListener('abort', giveUp, { once: true })
    })
  })
  gaveUp.catch(() => undefined)
  try {
    await Promise.race([(async () => run({ ...context, signal: stop.signal }))(), gaveUp])
    if (stop.signal.aborted) throw stop.signal.reason
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason
    if (error instanceof AttemptError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new AttemptError('Exception', message, {
      cause: error,
      hint: error instanceof Error ? error.stack : undefined,
    })
  } finally {
    clearTimeout(timer)
    clearTimeout(late)
    whole.removeEventListener('abort', onAbort)
  }
}
