import { codeOf } from './exit-codes.js'
import { harmlessLines } from './harmless.js'

/** What the operator is told about an error. */
export interface Explanation {
  readonly code: string | undefined
  readonly message: string
  /** What to do about it. */
  readonly hint?: string
}

/** @param hintOf gives the fix as the app's users know it; without one, the error's own `hint` is taken */
export function explainError(
  error: unknown,
  hintOf: (error: Error) => string | undefined = () => undefined,
): Explanation {
  if (!(error instanceof Error)) return { code: undefined, message: String(error) }
  const hint = hintOf(error) ?? ('hint' in error && typeof error.hint === 'string' ? error.hint : undefined)
  return { code: codeOf(error), message: error.message, ...(hint === undefined ? {} : { hint }) }
}

/** The explanation as text for a terminal; what comes from files in it can do no harm there. */
export function renderExplanation({ message, hint }: Explanation): string {
  return hint === undefined ? harmlessLines(message) : `${harmlessLines(message)}\n${harmlessLines(hint)}`
}

/** For an error that nobody foresaw. */
export function describeBug(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `unexpected error, please report it\n${harmlessLines(stack)}`
}
