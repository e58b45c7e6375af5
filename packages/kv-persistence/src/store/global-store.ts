import { checkOptions } from '../config/check-options.js'
import { kvConfigFromEnv } from '../config/env.js'
import type { KvStoreOptions } from '../config/options.js'
import { createKvStore } from './create-kv-store.js'
import type { KvStore } from './kv-store.js'

/**
 * The one store of this process that managers use when they are given none. A registry for the whole process, because that is its purpose: everybody
 * who asks gets the same one. Nothing is opened before somebody asks.
 */
const registry: { options: KvStoreOptions | undefined; store: Promise<KvStore> | undefined } = {
  options: undefined,
  store: undefined,
}

/**
 * Says what the global store is from now on; the one in use so far is closed first. It is opened by the next `getGlobalStore`.
 * Throws KvConfigError, and then changes nothing.
 */
export async function configureGlobalStore(options: KvStoreOptions): Promise<void> {
  checkOptions(options)
  registry.options = options
  await closeOpenStore()
}

/** The global store, opened on the first call; from the environment (`kvConfigFromEnv`) if nobody configured it. Fails like `createKvStore`; the next call tries again. */
export function getGlobalStore(): Promise<KvStore> {
  if (registry.store !== undefined) return registry.store
  const opening = openStore()
  registry.store = opening
  opening.catch(() => {
    if (registry.store === opening) registry.store = undefined
  })
  return opening
}

/** Closes the global store and forgets how it was configured. Again: nothing. */
export async function closeGlobalStore(): Promise<void> {
  registry.options = undefined
  await closeOpenStore()
}

async function openStore(): Promise<KvStore> {
  return createKvStore(registry.options ?? kvConfigFromEnv(process.env))
}

async function closeOpenStore(): Promise<void> {
  const open = registry.store
  registry.store = undefined
  const store = await open?.catch(() => undefined)
  await store?.close()
}
