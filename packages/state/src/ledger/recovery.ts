import { readFile } from 'node:fs/promises'
import { writeFileAtomic } from '@holdfast/atomic-file'
import { StateCorruptionError } from '../errors.js'
import { freeAsidePath, type StateDeps } from '../file-io.js'

/** Keeps a copy of a damaged file under a name of its own, durably. */
export async function setAside(path: string, deps: StateDeps): Promise<string> {
  const aside = await freeAsidePath(path, deps)
  await writeFileAtomic(aside, await (deps.fs?.readFile ?? readFile)(path), { overwrite: false }, deps)
  return aside
}

/** For a ledger that is damaged and has no good backup. */
export function damageError(path: string, reason: string, cause: unknown): StateCorruptionError {
  const error = new StateCorruptionError({
    path,
    reason: `${reason}, and no good backup was found`,
    bytesPath: path,
    hint: `Put a good copy of '${path}' in its place; or, to begin anew and forget every release, remove it and '${path}.bak': rm '${path}' '${path}.bak'`,
  })
  error.cause = cause
  return error
}
