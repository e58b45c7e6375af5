/** About 285 years; beyond it a sum with the present time is no longer exact everywhere. */
export const MAX_TTL_MS = 9_000_000_000_000

/** `undefined` takes the default; 0, negative and broken milliseconds are refused. */
export function resolveTtl(ttlMs: number | null | undefined, defaultTtlMs: number | null): number | null {
  if (ttlMs === undefined) return defaultTtlMs
  if (ttlMs === null) return null
  if (!Number.isInteger(ttlMs) || ttlMs < 1 || ttlMs > MAX_TTL_MS) {
    throw new RangeError(`ttlMs must be whole milliseconds from 1 to ${MAX_TTL_MS}, or null for never, not ${ttlMs}`)
  }
  return ttlMs
}
