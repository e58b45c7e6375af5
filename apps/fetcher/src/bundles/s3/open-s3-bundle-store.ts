import type { BundleStore } from '../bundle-store.js'
import type { S3BundleStoreDeps, S3BundleStoreOptions } from './s3-bundle-store.js'

/**
 * Keeps bundles in an S3 bucket, which has to exist. Nothing is sent before it is used. The client is loaded here and not before, as it takes longer than all
 * the rest.
 *
 * @throws RangeError
 * @example await using store = await openS3BundleStore({ bucket: 'raw', endpoint: 'https://s3.example', credentials })
 */
export async function openS3BundleStore(
  options: S3BundleStoreOptions,
  deps: S3BundleStoreDeps = {},
): Promise<BundleStore> {
  const { S3BundleStore } = await import('./s3-bundle-store.js')
  return new S3BundleStore(options, deps)
}
