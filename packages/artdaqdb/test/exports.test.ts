import * as artdaqdb from '@holdfast/artdaqdb'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(artdaqdb).sort()).toMatchInlineSnapshot(`
    [
      "DatabaseClosedError",
      "DatabaseDamagedError",
      "DatabaseUnavailableError",
      "DatabaseUriError",
      "ProviderUnavailableError",
      "RunNotFoundError",
      "StoredRunConflictError",
      "UnsafeNameError",
      "UnsupportedDatabaseError",
      "compareVersions",
      "openRunDatabase",
      "parseDatabaseUri",
    ]
  `)
})
