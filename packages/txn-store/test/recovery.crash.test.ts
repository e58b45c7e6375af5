/** A process that recovers from a crash is killed itself, before each of its operations. Invariant: see `survival.ts`. */
import { readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { killedSite, makeSite, sweepScenario } from './crash-site.ts'

const dir = useTempDir()
const at = (name: string): string => join(dir(), name)
const JOURNAL = { journal: true }

const BEFORE_RENAME = { operation: 'rename', atOperation: 1 }

test('the recovery of a commit that was killed before its rename', async () => {
  const site = await killedSite('commit', await makeSite(at('some'), 2), BEFORE_RENAME, /^1 commit /)
  const { found } = await sweepScenario('commit', site)
  expect([...found]).toEqual([0, 1])
})

test('the recovery of a group whose history was written in part', async () => {
  const site = await killedSite('group', await makeSite(at('some'), 1), BEFORE_RENAME, /^3 commits /)
  const log = join(site.folder, '.pipeline', 'transactions.log')
  const bytes = readFileSync(log)
  const lastLine = bytes.lastIndexOf('\n', bytes.length - 2) + 1
  truncateSync(log, lastLine + 20)
  const { found } = await sweepScenario('commit', site, {}, { step: 2 })
  expect([...found]).toEqual([0, 1])
})

test.each([
  { what: 'before the new document', crash: BEFORE_RENAME, recovered: undefined },
  {
    what: 'between the new document and its records',
    crash: { operation: 'write', atOperation: 7 },
    recovered: /checkpoint was completed/,
  },
])('the recovery of a checkpoint that was killed $what', async ({ crash, recovered }) => {
  const site = await killedSite('checkpoint', await makeSite(at('some'), 2, JOURNAL), crash, recovered, JOURNAL)
  const { found } = await sweepScenario('commit', site, JOURNAL, { step: 2 })
  expect([...found]).toEqual([0, 1])
})
