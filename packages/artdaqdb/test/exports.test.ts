import * as artdaqdb from '@holdfast/artdaqdb'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(artdaqdb).sort()).toMatchInlineSnapshot(`
    [
      "DatabaseClosedError",
      "DatabaseDamagedError",
      "DatabaseUnavailableError",
      "DatabaseUriError",
      "IncompleteExportError",
      "ProviderUnavailableError",
      "RunNotFoundError",
      "RunRefusedError",
      "SiteToolsOnlyError",
      "StoreVerificationError",
      "StoredRunConflictError",
      "ToolTimeoutError",
      "UnsafeNameError",
      "UnsupportedDatabaseError",
      "compareVersions",
      "describeDatabaseUri",
      "isRemoteHost",
      "openRunDatabase",
      "parseDatabaseUri",
      "parseToolUri",
    ]
  `)
})
