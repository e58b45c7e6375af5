import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { AttemptError } from '../errors.js'
import { faultOf, refreshFacts } from '../files/file-facts.js'
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
      const changed = await findChangedInput(unit.fingerprint, context)
      if (changed !== undefined) {
        const message = `its input '${changed}' was changed while it ran: it will be done again in the next run`
        context.onEvent({ type: 'warning', phase: phase.id, item: item?.id, message })
      }
      await context.recorder.succeed(key, {
        ...result,
        fingerprint: changed === undefined ? unit.fingerprint : undefined,
      })
      return { attempts: count, error: undefined }
    } catch (error) {
      if (!(error instanceof AttemptError)) throw error
      const retryInMs = findDelay(error, count, retries, context.signal)
      await context.recorder.fail(key, number, error, retryInMs === undefined ? 'final' : 'to-be-retried')
      context.onEvent({ type: 'attempt-failed', phase: phase.id, item: item?.id, attempt: number, error, retryInMs })
      if (retryInMs === undefined) return { attempts: count, error }
      await wait(retryInMs, undefined, { signal: context.signal }).catch(() => undefined)
    }
  }
}

/** Of what changed while it was read nobody can say which content is in the result. */
async function findChangedInput({ inputs }: Fingerprint, { stateFolder }: RunContext): Promise<string | undefined> {
  for (const file of inputs) {
    const now = await refreshFacts(resolve(stateFolder, file.path), file).catch(faultOf)
    if (typeof now !== 'object' || now.sha256 !== file.sha256) return file.path
  }
  return undefined
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
