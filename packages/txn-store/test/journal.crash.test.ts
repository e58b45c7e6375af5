/** A process is killed with SIGKILL before each of its file-system operations in journal mode. Invariant: see `survival.ts`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type CrashSite, makeSite, sweepScenario } from './crash-site.ts'

const dir = useTempDir()
const JOURNAL = { journal: true }
/** Saves time where the torture and the other sweeps come by, too. */
const EVERY_OTHER = { step: 2 }

/** A document with two commits in its file and one that is only in the journal. */
async function siteWithJournal(): Promise<CrashSite> {
  const site = await makeSite(join(dir(), 'some'), 3, JOURNAL)
  expect(existsSync(join(site.folder, '.pipeline', 'pipeline.json.journal'))).toBe(true)
  return site
}

describe('with a journal, killed before each operation', () => {
  test('the first transaction() makes the document whole or not at all', async () => {
    const { kills, found } = await sweepScenario('commit', await makeSite(join(dir(), 'empty'), 0), JOURNAL)
    expect([...found]).toEqual([0, 1])
    expect(kills).toBeGreaterThan(12)
  })

  test('transaction() appends its change whole or not at all', async () => {
    const { kills, found } = await sweepScenario('commits', await siteWithJournal(), JOURNAL)
    expect([...found]).toEqual([0, 1, 2])
    expect(kills).toBeGreaterThan(4)
  })

  test('transactions that go together are all there or none', async () => {
    const { found } = await sweepScenario('group', await siteWithJournal(), JOURNAL)
    expect([...found]).toEqual([0, 3])
  })

  test('checkpoint() changes nothing but the files', async () => {
    const { kills, found } = await sweepScenario('checkpoint', await siteWithJournal(), JOURNAL, EVERY_OTHER)
    expect([...found]).toEqual([0, 1, 2])
    expect(kills).toBeGreaterThan(8)
  })

  test('checkpoint() with a rotation of the history keeps document and history', async () => {
    const options = { ...JOURNAL, maxLogBytes: 1, keepLogFiles: 20 }
    const { kills, found } = await sweepScenario('checkpoint', await siteWithJournal(), options, EVERY_OTHER)
    expect([...found]).toEqual([0, 1, 2])
    expect(kills).toBeGreaterThan(10)
  })

  test('close() with a rotation of the history keeps document and history', async () => {
    const options = { ...JOURNAL, maxLogBytes: 1, keepLogFiles: 20 }
    const { kills } = await sweepScenario('commitAndClose', await siteWithJournal(), options, EVERY_OTHER)
    expect(kills).toBeGreaterThan(10)
  })

  test('restoreBackup() leaves the state before or the backup', async () => {
    const site = await makeSite(join(dir(), 'plain'), 3)
    const { found } = await sweepScenario('restore', site, JOURNAL)
    expect([...found]).toEqual([0, 1])
  })

  test('createBackup() changes nothing else', async () => {
    const { kills } = await sweepScenario('createBackup', await siteWithJournal(), JOURNAL, EVERY_OTHER)
    expect(kills).toBeGreaterThan(2)
  })
})

test('transaction() that switches the journal off, killed before each operation, loses nothing of it', async () => {
  const { kills, found } = await sweepScenario('commit', await siteWithJournal(), {}, EVERY_OTHER)
  expect([...found]).toEqual([0, 1])
  expect(kills).toBeGreaterThan(8)
})
