import { errorCode } from '@holdfast/atomic-file'
import { OperatorError } from './cli-errors.js'
import { harmless } from './harmless.js'

/** What the operator is told about an error. */
export interface Explanation {
  readonly code: string | undefined
  readonly message: string
  readonly hint?: string
  readonly command?: string
}

export function explainError(error: unknown): Explanation {
  const code = errorCode(error)
  if (!(error instanceof Error)) return { code, message: String(error) }
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
  const command = error instanceof OperatorError ? error.command : undefined
  return {
    code,
    message: error.message,
    ...(hint === undefined ? {} : { hint }),
    ...(command === undefined ? {} : { command }),
  }
}

/** The same for people; a command stands on a line of its own, ready to be copied. */
export function renderExplanation({ message, hint, command }: Explanation): string {
  const lines = [harmless(message)]
  if (hint !== undefined) lines.push(`${harmless(hint)}${command === undefined ? '' : ':'}`)
  if (command !== undefined) lines.push(`  ${command}`)
  return lines.join('\n')
}
