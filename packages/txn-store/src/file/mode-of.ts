import { statSync } from 'node:fs'

/** Permissions for a file that tells what another one holds: those who may not read the one must not read it in the other. Nothing when there is none. */
export function modeOf(path: string): { readonly mode?: number } {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode
  return mode === undefined ? {} : { mode: mode & 0o666 }
}
