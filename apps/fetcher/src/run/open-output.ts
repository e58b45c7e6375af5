import { join } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { unpackingStore } from '../bundles/unpack/unpacking-store.js'
import { atPath, type ConfigPlace, type FetcherConfig } from '../config/load-config.js'
import { BundleStorage } from './bundle-storage.js'
import type { ResultStorage } from './result-storage.js'

/** Where bundles go; without a word in the configuration, the folder `fetched`. */
export async function openOutput(config: FetcherConfig, place: ConfigPlace): Promise<ResultStorage> {
  const { output, name } = config
  const folder = output?.type === 'files' ? atPath(output.directory, place) : join(place.currentDir, 'fetched')
  await makeDirectory(folder)
  const { openDiskBundleStore } = await import('../bundles/disk/disk-bundle-store.js')
  const store = await openDiskBundleStore(folder)
  return new BundleStorage(store, unpackingStore(store, { scratch: join(folder, '.staging') }), name)
}
