import { InterruptedError, OutputError } from './errors.js'
import { codeOf, EXIT, exitCodeFor } from './exit-codes.js'
import { describeBug, type Explanation, explainError, renderExplanation } from './explain-error.js'
import { toHarmlessJson } from './harmless.js'
import { printResult } from './print-result.js'
import type { ProcessLike } from './process-like.js'

export interface AppResult {
  /** For the standard output. */
  readonly text: string
  /** @default 0 */
  readonly exitCode?: number
}

export interface AppOptions {
  /** Goes before what is said on the standard error. */
  readonly name: string
  /** What the codes of expected errors begin with. */
  readonly knownErrors: readonly string[]
  /** Fixes for errors that do not know their own. */
  readonly hintOf?: (error: Error) => string | undefined
  /** Errors go to the standard output, too, as a JSON document. @default false */
  readonly json?: boolean
}

/**
 * Does the work of a command line, prints its result, tells about errors, and resolves to the exit code. SIGINT, SIGTERM and SIGHUP abort the work's signal;
 * a second one ends the process.
 *
 * @example process.exitCode = await runApp(process, { name: 'mamfast', knownErrors: ['ERR_STATE'] }, async () => ({ text: 'done\n' }))
 */
export async function runApp(
  proc: ProcessLike,
  options: AppOptions,
  work: (signal: AbortSignal) => Promise<AppResult>,
): Promise<number> {
  // What cannot be written is told by the callback of each write.
  proc.stdout.on('error', () => undefined)
  proc.stderr.on('error', () => undefined)
  try {
    const { text, exitCode = EXIT.success } = await interruptible(proc, work)
    await printResult(proc.stdout, text)
    return exitCode
  } catch (error) {
    const exitCode = exitCodeFor(error, options.knownErrors)
    const explanation = explainError(error, options.hintOf)
    tell(proc, options.name, describe(error, explanation, exitCode))
    if (options.json === true && !(error instanceof OutputError)) {
      await printResult(proc.stdout, `${toHarmlessJson({ error: explanation, exitCode })}\n`).catch(() => undefined)
    }
    return exitCode
  }
}

/** A line for the operator, on the standard error. */
export function tell({ stderr }: Pick<ProcessLike, 'stderr'>, name: string, text: string): void {
  stderr.write(`${name}: ${text}\n`, () => undefined)
}

function describe(error: unknown, explanation: Explanation, exitCode: number): string {
  const isBug = exitCode === EXIT.unexpected && codeOf(error) !== 'ERR_USAGE'
  return isBug ? describeBug(error) : renderExplanation(explanation)
}

async function interruptible<T>(proc: ProcessLike, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) proc.exit(EXIT.interrupted)
    controller.abort(new InterruptedError(`Interrupted by ${signal}`))
  }
  for (const signal of SIGNALS) proc.on(signal, onSignal)
  try {
    return await work(controller.signal)
  } catch (error) {
    throw controller.signal.aborted && isAbort(error, controller.signal) ? controller.signal.reason : error
  } finally {
    for (const signal of SIGNALS) proc.off(signal, onSignal)
  }
}

/** Timers, locks and questions reject in their own ways when they are called off. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true
  return error instanceof Error && (error.name === 'AbortError' || isAbort(error.cause, signal))
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
