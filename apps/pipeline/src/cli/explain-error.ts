import { errorCode } from '@holdfast/atomic-file'
import { type Explanation, explainError as explain } from '@holdfast/cli-kit'
import { StateError } from '@holdfast/txn-store'
import { shellCommand } from './shell-command.js'

/** What the operator is told about an error, with the fix in words of this command line. */
export function explainError(error: unknown): Explanation {
  return explain(error, hintOf)
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
