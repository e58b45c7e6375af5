import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, test } from 'vitest'
import { ledgerConformanceChecks } from '../../src/ledger/conformance/index.js'
import { openLedgerStorage } from '../../src/ledger/open-ledger-storage.js'
import { recordingLogger } from '../support/recording-logger.js'

const dir = useTempDir()

for (const kind of ['json', 'journal', 'sqlite'] as const) {
  describe(`the ${kind} storage`, () => {
    const options = { readOnly: false, maxBackups: 5, label: undefined, lockTimeoutMs: 5000, logger: recordingLogger() }
    const checks = ledgerConformanceChecks({
      createPlace: async () => join(dir(), `${randomUUID()}${kind === 'sqlite' ? '.db' : '.json'}`),
      open: (path: string) => openLedgerStorage(path, kind, options, {}),
    })
    for (const { name, run } of checks) test(name, run)
  })
}
