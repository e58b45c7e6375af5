import { expect, test } from 'vitest'

import * as fetcher from '../src/index.js'

test('the package exports exactly these names', () => {
  expect(Object.keys(fetcher).sort()).toEqual([
    'ArchiveError',
    'BundleIncompleteError',
    'BundleStoreError',
    'ConfigurationError',
    'CredentialsError',
    'UnknownFetcherError',
    'UnpackBudget',
    'gunzip',
    'openDiskBundleStore',
    'openS3BundleStore',
    'planFetcher',
    'run',
    'runFetcher',
    'unpackingStore',
    'unzip',
  ])
})
