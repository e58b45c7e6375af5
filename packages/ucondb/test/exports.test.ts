import * as ucondb from '@holdfast/ucondb'
import * as conformance from '@holdfast/ucondb/conformance'
import { expect, test } from 'vitest'

test('@holdfast/ucondb exports', () => {
  expect(Object.keys(ucondb).sort()).toMatchInlineSnapshot(`
    [
      "ArchiveAccessError",
      "ArchiveClosedError",
      "ArchiveConfigError",
      "ArchiveConflictError",
      "ArchiveDamagedError",
      "ArchiveNotFoundError",
      "ArchiveServerError",
      "ArchiveUnavailableError",
      "RunBlobError",
      "adler32",
      "buildRunBlob",
      "isArchiveKey",
      "openArchive",
      "runNumbersOf",
      "sameRunBlob",
      "unpackRunBlob",
      "validateRunBlob",
    ]
  `)
})

test('@holdfast/ucondb/conformance exports', () => {
  expect(Object.keys(conformance).sort()).toMatchInlineSnapshot(`
    [
      "archiveConformanceChecks",
    ]
  `)
})
