import type { KvStore } from '@holdfast/kv-persistence'
import type { LocatorLeft } from './run-result.js'

/**
 * Whether more was given up than the last run told of that came to its end: by this one, or by one that was killed before it could say so. Called at the
 * end of a run, which tells of all of them.
 */
export async function tellFailures(store: KvStore, name: string, left: readonly LocatorLeft[]): Promise<boolean> {
  const key = ['fetcher', name, 'told_failures']
  const count = left.reduce((sum, { givenUp }) => sum + givenUp, 0)
  const told = (await store.get<number>(key)) ?? 0
  if (count !== told) await store.put(key, count, { ttlMs: null })
  return count > told
}
