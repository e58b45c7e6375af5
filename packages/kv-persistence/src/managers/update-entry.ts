import { setTimeout as sleep } from 'node:timers/promises'
import type { KvEntry, KvStore, KvVersion, WriteOptions } from '../store/kv-store.js'

const LONGEST_PAUSE_MS = 20

/**
 * Changes a value by a function of the old one so that no update of anybody is lost: tries again whenever somebody else was faster. `undefined` from
 * `change` leaves everything as it is.
 */
export async function updateEntry<T>(
  store: KvStore,
  key: readonly string[],
  change: (old: T | undefined) => T | undefined,
  options: WriteOptions = {},
): Promise<{ readonly value: T; readonly version: KvVersion } | undefined> {
  return retryOnConflict(async () => {
    const entry: KvEntry<T> | undefined = await store.getEntry<T>(key)
    const value = change(entry?.value)
    if (value === undefined) return { done: undefined }
    const version = await store.compareAndSet(key, entry?.version ?? null, value, options)
    return version === undefined ? undefined : { done: { value, version } }
  })
}

/** Runs `attempt` until it is not `undefined`, with short random pauses, so that those who compete get out of step. */
export async function retryOnConflict<T>(attempt: () => Promise<{ readonly done: T } | undefined>): Promise<T> {
  for (let round = 0; ; round += 1) {
    const result = await attempt()
    if (result !== undefined) return result.done
    await sleep(Math.random() * Math.min(LONGEST_PAUSE_MS, round))
  }
}
