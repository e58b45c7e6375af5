import { join } from 'node:path'
import { makeDirectory } from '@holdfast/atomic-file'
import { unpackingStore } from '../bundles/unpack/unpacking-store.js'
import { atPath, type ConfigPlace, type FetcherConfig } from '../config/load-config.js'
import type { OutputContent } from '../config/schema.js'
import { BundleStorage } from './bundle-storage.js'
import { workFolderOf } from './open-state.js'
import type { ResultStorage } from './result-storage.js'

/** Where bundles go; without a word in the configuration, the folder `fetched`. @throws CredentialsError */
export async function openOutput(config: FetcherConfig, place: ConfigPlace): Promise<ResultStorage> {
  const { output, name } = config
  if (output?.type === 's3') return openS3(output, config, place)
  const folder = output === undefined ? join(place.currentDir, 'fetched') : atPath(output.directory, place)
  await makeDirectory(folder)
  const { openDiskBundleStore } = await import('../bundles/disk/disk-bundle-store.js')
  const store = await openDiskBundleStore(folder, { secrets: config.credentials.given })
  return new BundleStorage(store, unpackingStore(store, { scratch: join(folder, '.staging') }), name)
}

async function openS3(
  output: Extract<OutputContent, { readonly type: 's3' }>,
  config: FetcherConfig,
  place: ConfigPlace,
): Promise<ResultStorage> {
  const { bucket, prefix, region, endpoint, access_key_id: id, secret_access_key: secret } = output
  const { credentials } = config
  const { openS3BundleStore } = await import('../bundles/s3/open-s3-bundle-store.js')
  const store = await openS3BundleStore({
    bucket,
    prefix,
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(id === undefined || secret === undefined
      ? {}
      : { credentials: { accessKeyId: await credentials.get(id), secretAccessKey: await credentials.get(secret) } }),
    secrets: credentials.given,
  })
  const scratch = join(workFolderOf(config.name, place), 'unpacking')
  return new BundleStorage(store, unpackingStore(store, { scratch }), config.name)
}
