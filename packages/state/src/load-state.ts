import { messageOf } from './errors.js'
import { backupOf, freeAsidePath, readBytes, replaceFile, type StateDeps } from './file-io.js'
import { parseStateDocument, type StateDocument } from './state-document.js'

/** What is on disk under the name of a state file. */
export type LoadedState =
  | { readonly kind: 'missing' }
  | { readonly kind: 'good'; readonly document: StateDocument; readonly text: string }
  | { readonly kind: 'damaged'; readonly reason: string }

/** Reads a state file without judging what to do about damage. @throws StateReadError when it cannot be read */
export async function loadState(path: string, deps: StateDeps): Promise<LoadedState> {
  const bytes = await readBytes(path, deps)
  if (bytes === undefined) return { kind: 'missing' }
  try {
    const document = parseStateDocument(bytes, path)
    return { kind: 'good', document, text: Buffer.from(bytes).toString('utf8') }
  } catch (error) {
    return { kind: 'damaged', reason: messageOf(error) }
  }
}

/** The backup's content when it is a good state file; a backup that cannot be read is no backup. */
export async function loadBackup(
  path: string,
  deps: StateDeps,
): Promise<{ document: StateDocument; text: string } | undefined> {
  try {
    const loaded = await loadState(backupOf(path), deps)
    return loaded.kind === 'good' ? loaded : undefined
  } catch {
    return undefined
  }
}

/**
 * Puts the good backup in the place of a damaged state file, in one step that keeps the damaged bytes under a name of their own, so that a kill
 * at any point leaves the damaged or the good file and never none. Only for the holder of the lock.
 *
 * @returns `undefined` when there is no good backup; nothing was changed then.
 * @throws StateWriteError
 */
export async function restoreBackup(
  path: string,
  deps: StateDeps,
): Promise<{ document: StateDocument; bytesPath: string } | undefined> {
  const backup = await loadBackup(path, deps)
  if (backup === undefined) return undefined
  const bytesPath = await freeAsidePath(path, deps)
  await replaceFile(path, backup.text, bytesPath, deps)
  return { document: backup.document, bytesPath }
}
