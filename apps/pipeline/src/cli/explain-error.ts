import { errorCode } from '@holdfast/atomic-file'
import { StateError } from '@holdfast/txn-store'
import { harmless, harmlessLines } from './harmless.js'
import { shellCommand } from './shell-command.js'

/** What the operator is told about an error. */
export interface Explanation {
  readonly code: string | undefined
  readonly message: string
  readonly hint?: string
}

export function explainError(error: unknown): Explanation {
  const code = errorCode(error)
  if (!(error instanceof Error)) return { code, message: String(error) }
  const hint = hintOf(error)
  return { code, message: error.message, ...(hint === undefined ? {} : { hint }) }
}

/** The same for people. */
export function renderExplanation({ message, hint }: Explanation): string {
  return [harmlessLines(message), ...(hint === undefined ? [] : [harmless(hint)])].join('\n')
}

function hintOf(error: Error): string | undefined {
  const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
  if (error instanceof StateError && error.code === 'ERR_STATE_READ') {
    const [, quoted, plain] = RESTORE.exec(hint ?? '') ?? []
    const backup = quoted ?? plain
    const list = shellCommand(['pipeline', 'backups', '--pipeline-json', error.path])
    if (backup === undefined) return hint ?? `The states before are told by: ${list}`
    const restore = shellCommand(['pipeline', 'restore', backup, '--pipeline-json', error.path])
    return `Nothing was run. Restore the newest good backup with: ${restore}`
  }
  if (hint !== undefined) return hint
  return PERMISSIONS.has(errorCode(error) ?? '') ? 'Run it as the user whose files they are' : undefined
}

/** How the store ends the hint of a damaged document. */
const RESTORE = /holdfast-state restore (?:'[^']*'|\S+) (?:'([^']*)'|(\S+))$/
const PERMISSIONS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS'])
