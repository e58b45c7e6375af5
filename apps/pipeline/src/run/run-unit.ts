import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { AttemptError } from '../errors.js'
import type { Phase, RetryRules } from '../pipeline.js'
import type { Item } from '../plan/scope.js'
import type { Fingerprint } from '../record/unit-record.js'
import type { Lookup } from '../variables.js'
import { ATTEMPT_VARIABLE, attemptUnit } from './attempt.js'
import { logPathOf, type RunContext } from './run-context.js'

/** A phase, or one item of it, that has to be done. */
export interface UnitWork {
  readonly phase: Phase
  readonly item: Item | undefined
  readonly lookup: Lookup
  readonly fingerprint: Fingerprint
  /** How often it was begun before. */
  readonly attempts: number
  /** The phases that use what it makes. */
  readonly dependents: readonly string[]
}

/** Attempts it until it succeeds or is given up; every step is recorded. Resolves to the last error, `undefined` for success. */
export async function runUnit(
  unit: UnitWork,
  context: RunContext,
): Promise<{ readonly attempts: number; readonly error: AttemptError | undefined }> {
  const { phase, item, dependents } = unit
  const retries = { ...phase.retries, max: context.maxRetries ?? phase.retries.max }
  const key = { phase: phase.id, item }
  for (let count = 1; ; count += 1) {
    const number = unit.attempts + count
    const attemptId = randomUUID()
    const isCommand = phase.work.kind === 'command'
    const logPath = logPathOf(context, phase.id, item?.id, number)
    context.onEvent({
      type: 'attempt-begin',
      phase: phase.id,
      item: item?.id,
      attempt: number,
      log: isCommand ? logPath : undefined,
    })
    const log = isCommand ? context.toRecordedPath(logPath) : undefined
    await context.recorder.beginAttempt(key, { number, log, marker: `${ATTEMPT_VARIABLE}=${attemptId}` }, dependents)
    try {
      const result = await attemptUnit({ ...unit, number, attemptId, logPath }, context)
      await context.recorder.succeed(key, { ...result, fingerprint: unit.fingerprint })
      return { attempts: count, error: undefined }
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error
      const retryInMs = findDelay(error, count, retries, context.signal)
      await context.recorder.fail(key, number, error, retryInMs === undefined)
      context.onEvent({ type: 'attempt-failed', phase: phase.id, item: item?.id, attempt: number, error, retryInMs })
      if (retryInMs === undefined) return { attempts: count, error }
      await wait(retryInMs, undefined, { signal: context.signal }).catch(() => undefined)
    }
  }
}

/** `undefined`: not to be tried again. */
function findDelay(
  error: AttemptError,
  count: number,
  { max, delayMs, factor, maxDelayMs, exitCodes }: RetryRules,
  signal: AbortSignal,
): number | undefined {
  if (count > max || signal.aborted || error.kind === 'Cancelled' || error.kind === 'MissingInput') return undefined
  if (exitCodes !== undefined && !exitCodes.includes(error.exitCode ?? 0)) return undefined
  return Math.min(maxDelayMs, delayMs * factor ** (count - 1))
}
