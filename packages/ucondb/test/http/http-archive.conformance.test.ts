import { openArchive } from '@holdfast/ucondb'
import { archiveConformanceChecks } from '@holdfast/ucondb/conformance'
import { describe, test } from 'vitest'
import { FakeUconDbServer, PASSWORD } from '../support/fake-ucondb-server.js'

const checks = archiveConformanceChecks({
  manyKeys: 60,
  async createStore() {
    const server = await FakeUconDbServer.start()
    return {
      open: () =>
        openArchive({
          serverUrl: server.url,
          folderName: 'runs',
          objectName: 'configuration',
          writer: { user: 'writer', password: PASSWORD },
        }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    }
  },
})

describe('archive on a UconDB server', () => {
  test.each(checks)('$name', ({ run }) => run())
})
