import * as atomicFile from '@holdfast/atomic-file'
import { expect, test } from 'vitest'

test('the package exports these names', () => {
  expect(Object.keys(atomicFile).sort()).toMatchInlineSnapshot(`
    [
      "AtomicFileError",
      "DirectorySyncs",
      "InvalidUtf8Error",
      "NotARegularFileError",
      "decodeUtf8",
      "directFileSystem",
      "errorCode",
      "keepBackup",
      "makeDirectory",
      "moveFile",
      "openAppendFile",
      "openFolderDraft",
      "readTextFile",
      "removeFile",
      "removeFolder",
      "sweepLeftovers",
      "syncDirectory",
      "writeFileAtomic",
      "writeFilesAtomic",
    ]
  `)
})
