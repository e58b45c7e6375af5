export type {
  BundleDraft,
  BundleRequest,
  BundleStore,
  CompletedBundle,
  Content,
  NewResource,
} from './bundles/bundle-store.js'
export {
  type DiskBundleStoreDeps,
  type DiskBundleStoreOptions,
  openDiskBundleStore,
} from './bundles/disk/disk-bundle-store.js'
export { ArchiveError, type ArchiveProblem, BundleIncompleteError, BundleStoreError } from './bundles/errors.js'
export type { Manifest, Marker, ResourceRecord } from './bundles/manifest.js'
export { openS3BundleStore } from './bundles/s3/open-s3-bundle-store.js'
export type { S3BundleStoreDeps, S3BundleStoreOptions } from './bundles/s3/s3-bundle-store.js'
export { gunzip } from './bundles/unpack/gunzip.js'
export { UnpackBudget, type UnpackLimits } from './bundles/unpack/limits.js'
export type { Packing } from './bundles/unpack/packing.js'
export { type UnpackingOptions, unpackingStore } from './bundles/unpack/unpacking-store.js'
export { unzip, type ZipEntry } from './bundles/unpack/unzip.js'
export { run } from './cli/run.js'
export { ConfigurationError, CredentialsError, UnknownFetcherError } from './errors.js'
export {
  planFetcher,
  type RunFetcherDeps,
  type RunFetcherOptions,
  type RunView,
  runFetcher,
} from './run/run-fetcher.js'
export type { LocatorLeft, RunPlan, RunResult } from './run/run-result.js'
export type { RunEvent } from './run/runner.js'
export type { RunCounts } from './run/statistics.js'
