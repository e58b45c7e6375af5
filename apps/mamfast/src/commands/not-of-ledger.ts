import { realpathSync } from 'node:fs'
import { basename, dirname, join, sep } from 'node:path'
import { UsageError } from '@holdfast/cli-kit'

/** Refuses to write over the ledger or the files beside it that keep it safe. @throws UsageError */
export function assertNotOfLedger(path: string, ledger: string, action: string): void {
  const [target, own] = [realPath(path), realPath(ledger)]
  const isOwn = ['', '.lock', '.bak', '-wal', '-shm', '-journal'].some((ending) => target === `${own}${ending}`)
  if (isOwn || `${target}${sep}`.startsWith(join(dirname(own), '.ledger') + sep))
    throw new UsageError(`Cannot ${action} to '${path}', which belongs to the ledger itself\nChoose another file`)
}

/** With links followed as far as the path exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}
