import { storageConformanceChecks } from '@holdfast/txn-store/conformance'
import { describe, expect, test } from 'vitest'
import { fileHarness } from './file-harness.ts'
import { FLAWS } from './flaws.ts'

const CHECKS = storageConformanceChecks(fileHarness({ options: {}, refused: 'write' })).map(({ name }) => name)

/** One line for each flaw and check that is to catch it. */
const ROWS = FLAWS.flatMap((flaw) =>
  Object.entries(flaw.caughtBy).map(([beginning, message]) => ({ flaw, name: flaw.name, beginning, message })),
)

describe.concurrent('storageConformanceChecks() finds a storage that', () => {
  // Not `test.each`, which cuts the names.
  for (const row of ROWS) {
    test(`${row.name}, by '${row.beginning} …'`, async () => {
      expect(await failureOf(row)).toMatch(row.message)
    })
  }
})

/** What the check says about such a storage, on one line; empty when it finds nothing. */
async function failureOf({ flaw, beginning }: (typeof ROWS)[number]): Promise<string> {
  const { name, makeSpoiler, options = {}, deadlineMs } = flaw
  const harness = fileHarness({ options, refused: 'write', flaw: { name, spoil: makeSpoiler() } })
  const checks = storageConformanceChecks(deadlineMs === undefined ? harness : { ...harness, deadlineMs })
  const check = checks.find((candidate) => candidate.name.startsWith(beginning))
  try {
    await check?.run()
    return ''
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}`.replaceAll(/\s+/g, ' ') : String(error)
  }
}

test('every check has a flaw that it finds', () => {
  expect(CHECKS.filter((name) => !ROWS.some(({ beginning }) => name.startsWith(beginning)))).toEqual([])
})
