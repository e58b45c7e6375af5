import { join } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { createKvStore, type KvStore, type KvStoreOptions, kvConfigFromEnv } from '@holdfast/kv-persistence'
import { atPath, type ConfigPlace, type FetcherConfig } from '../config/load-config.js'
import { type Holder, takeHolder } from './holder.js'

/** Where a fetcher keeps what is not its output: its state, unless that is elsewhere, and partial files. */
export function workFolderOf(name: string, { currentDir }: Pick<ConfigPlace, 'currentDir'>): string {
  return join(currentDir, '.fetcher', name)
}

/** The variables `OC_KV_STORE_…` win over the configuration; without either, a file in the work folder. */
export async function stateOptions(config: FetcherConfig, place: ConfigPlace): Promise<KvStoreOptions> {
  const { state, name, credentials } = config
  if ((place.env.OC_KV_STORE_TYPE ?? '') !== '') return kvConfigFromEnv(place.env)
  if (state === undefined) return { type: 'sqlite', path: join(workFolderOf(name, place), 'state.sqlite') }
  if (state.type === 'sqlite') return { type: 'sqlite', path: atPath(state.path, place) }
  const { host, port, db, username, tls, cluster, key_prefix: keyPrefix, password } = state
  return {
    type: 'redis',
    host,
    port,
    db,
    tls,
    cluster,
    keyPrefix,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: await credentials.get(password) }),
  }
}

/** `undefined` for a store that other machines may use, too: nobody can see there who is dead. */
export async function takeHolderOf(config: FetcherConfig, place: ConfigPlace): Promise<Holder | undefined> {
  const options = await stateOptions(config, place)
  return options.type === 'sqlite' && options.path !== undefined ? takeHolder(options.path) : undefined
}

export async function openState(config: FetcherConfig, place: ConfigPlace): Promise<KvStore> {
  const options = await stateOptions(config, place)
  if (options.type === 'sqlite' && options.path !== undefined) await makeDirectory(join(options.path, '..'))
  return createKvStore(options)
}
