import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@holdfast/atomic-file'
import type { PipelineState } from '@holdfast/txn-store/pipeline'

/**
 * Keeps the state as a run leaves it among its backups, so that a damaged document costs nothing that was recorded; the first run of all would have no
 * backup otherwise. It is a file of its own: a hard link would be damaged together with the document. Durable on return.
 */
export async function keepState(state: PipelineState): Promise<void> {
  const backup = await state.backupManager.createBackup()
  if (backup !== undefined) await writeFileAtomic(backup, await readFile(backup))
}
