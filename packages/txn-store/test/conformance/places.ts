import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A new path in a folder of its own. Not `useTempDir`: the checks run at the same time, and each removes its own. */
export function makePlace(name: string): string {
  return join(mkdtempSync(join(tmpdir(), 'holdfast-test-')), name)
}

export function removePlace(path: string): void {
  rmSync(dirname(path), { recursive: true, force: true })
}
