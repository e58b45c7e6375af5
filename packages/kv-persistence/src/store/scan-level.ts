import type { StoredEntry } from '../driver/driver.js'
import { endOfLevel } from './key.js'
import type { StoreCore } from './store-core.js'

const PAGE = 256

/** All entries whose whole key starts with `level`. */
export function scanLevel(
  core: StoreCore,
  level: string,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<StoredEntry> {
  return scanRange(core, level, endOfLevel(level), Number.POSITIVE_INFINITY, signal)
}

/** Pages after the last key seen, so that keys which come and go meanwhile neither shift nor repeat the others. */
export async function* scanRange(
  core: StoreCore,
  start: string,
  end: string | undefined,
  limit: number,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<StoredEntry> {
  let from = start
  let left = limit
  while (left > 0) {
    signal?.throwIfAborted()
    const size = Math.min(PAGE, left)
    const page = await core.driver().page({ start: from, end, limit: size }, signal)
    yield* page
    left -= page.length
    const last = page.at(-1)
    if (last === undefined || page.length < size) return
    // Nothing sorts between a key and the same key with a NUL, which no key holds.
    from = `${last.key}\0`
  }
}
