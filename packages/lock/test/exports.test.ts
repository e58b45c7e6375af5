import { expect, test } from 'vitest'

import * as lock from '../src/index.js'

test('the package exports exactly these names', () => {
  expect(Object.keys(lock).sort()).toEqual([
    'FileLock',
    'LockExistsError',
    'LockFileError',
    'LockLostError',
    'LockTimeoutError',
    'LockUnsupportedError',
    'lockDescriptor',
    'withLock',
  ])
})
