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
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : hintOf(error)
  const command = error instanceof OperatorError ? error.command : undefined
  return {
    code,
    message: error.message,
    ...(hint === undefined ? {} : { hint }),
    ...(command === undefined ? {} : { command }),
  }
}

/** What the store leaves to its caller. */
function hintOf(error: Error): string | undefined {
  const reason = errorCode(error.cause)
  if (reason === 'ERR_LOCK_TIMEOUT' || reason === 'ERR_LOCK_EXISTS') {
    return 'Try again when it is free, or wait longer with --wait SECONDS'
  }
  return isDenied(error.cause) || isDenied(error) ? 'Run it as the user whose document it is' : undefined
}

/** The system's error may be behind those of the lock. */
function isDenied(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return PERMISSIONS.has(errorCode(error) ?? '') || isDenied(error.cause)
}

const PERMISSIONS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS'])

/** The same for people; a command stands on a line of its own, ready to be copied. */
export function renderExplanation({ message, hint, command }: Explanation): string {
  const lines = [harmless(message)]
  if (hint !== undefined) lines.push(`${harmless(hint)}${command === undefined ? '' : ':'}`)
  if (command !== undefined) lines.push(`  ${command}`)
  return lines.join('\n')
}
