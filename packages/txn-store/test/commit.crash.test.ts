/**
 * A process is killed with SIGKILL before each of its file-system operations. Invariant: see `survival.ts`. Each sweep must have met the state before
 * and the state after, or it proves nothing.
 */
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { makeSite, sweepScenario } from './crash-site.ts'

const dir = useTempDir()
/** Saves time where the torture and the other sweeps come by, too. */
const EVERY_OTHER = { step: 2 }
const at = (name: string): string => join(dir(), name)

describe('transaction() killed before each operation', () => {
  test('as the very first one makes the document whole or not at all', async () => {
    const { kills, found } = await sweepScenario('commit', await makeSite(at('empty'), 0))
    expect([...found]).toEqual([0, 1])
    expect(kills).toBeGreaterThan(15)
  })

  test('on a document leaves the state before or after', async () => {
    const { kills, found } = await sweepScenario('commits', await makeSite(at('some'), 2))
    expect([...found]).toEqual([0, 1, 2])
    expect(kills).toBeGreaterThan(15)
  })

  test('together with others commits all of them or none', async () => {
    const { kills, found } = await sweepScenario('group', await makeSite(at('some'), 2))
    expect([...found]).toEqual([0, 3])
    expect(kills).toBeGreaterThan(8)
  })

  test('after one that fails commits nothing of that one', async () => {
    const { found } = await sweepScenario('failing', await makeSite(at('some'), 1), {}, EVERY_OTHER)
    expect([...found]).toEqual([0, 1])
  })

  test('with a rotation of the history keeps the history', async () => {
    const options = { maxLogBytes: 1, keepLogFiles: 20 }
    const { kills, found } = await sweepScenario('commit', await makeSite(at('some'), 2, options), options, EVERY_OTHER)
    expect([...found]).toEqual([0, 1])
    expect(kills).toBeGreaterThan(8)
  })

  test('with backups beyond the limit and compression leaves whole backups', async () => {
    const options = { maxBackups: 3, compressBackups: { algorithm: 'gzip', keepPlain: 1 } } as const
    const { kills, found } = await sweepScenario('tidyBackups', await makeSite(at('some'), 5), options, EVERY_OTHER)
    expect([...found]).toEqual([0, 1, 2])
    expect(kills).toBeGreaterThan(12)
  })
})

test('restoreBackup() killed before each operation leaves the state before or the backup', async () => {
  const { kills, found } = await sweepScenario('restore', await makeSite(at('some'), 3))
  expect([...found]).toEqual([0, 1])
  expect(kills).toBeGreaterThan(8)
})

test('createBackup() killed before each operation changes nothing else', async () => {
  const { kills } = await sweepScenario('createBackup', await makeSite(at('some'), 2))
  expect(kills).toBeGreaterThan(2)
})
