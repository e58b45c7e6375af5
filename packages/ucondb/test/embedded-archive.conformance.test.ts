import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { useTempDir } from '@holdfast/testkit'
import { openArchive } from '@holdfast/ucondb'
import { archiveConformanceChecks } from '@holdfast/ucondb/conformance'
import { describe, test } from 'vitest'

const dir = useTempDir()

const checks = archiveConformanceChecks({
  manyKeys: 200,
  async createStore() {
    const serverUrl = pathToFileURL(join(dir(), 'ucondb')).href
    return {
      open: () => openArchive({ serverUrl, folderName: 'runs', objectName: 'configuration' }),
      [Symbol.asyncDispose]: async () => undefined,
    }
  },
})

describe('embedded archive', () => {
  test.each(checks)('$name', ({ run }) => run())
})
