import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Layout } from '../file/layout.js'
import { OperatorError } from './cli-errors.js'

/**
 * Files that root makes belong to root: the program whose document it is could not take its own lock any more. Those that are there keep their owner.
 *
 * @throws OperatorError when root is about to make some for another user
 */
export function assertOwner({ document, lock, folder, backups, log }: Layout): void {
  if (process.getuid?.() !== 0) return
  const owner = statSync(existsSync(document) ? document : dirname(document)).uid
  const missing = [lock, folder, backups, log].find((path) => !existsSync(path))
  if (owner === 0 || missing === undefined) return
  throw new OperatorError(
    `'${document}' belongs to user ${owner}, who could not write what root would make now, such as '${missing}'`,
    { hint: `Run the command as that user, with sudo -u '#${owner}' before it`, code: 'ERR_STATE_OWNER' },
  )
}
