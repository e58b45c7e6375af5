import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { TxnStore } from '../src/index.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'pipeline.json')

describe('restoreToTime()', () => {
  test.each([
    { how: 'edited by another program', spoil: (file: string) => writeFileSync(file, '{"edited":true}') },
    { how: 'damaged', spoil: (file: string) => writeFileSync(file, '{"n":') },
    { how: 'deleted', spoil: (file: string) => rmSync(file) },
  ])('brings the newest commit back after the document was $how', async ({ spoil }) => {
    const committed = await commitThrice()
    spoil(path())
    await using store = new TxnStore(path())
    const [newest] = await store.getTransactionHistory({ limit: 1 })
    await store.restoreToTime(newest?.timestamp ?? '')
    expect(readFileSync(path(), 'utf8')).toBe(committed)
  })

  test('tells that it does not know what a document without a history was', async () => {
    writeFileSync(path(), '{"n":1}')
    await using store = new TxnStore(path())
    await expect(store.restoreToTime('2020-01-01T00:00:00Z')).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      message: expect.stringContaining('there is no history'),
    })
  })

  test('goes back to the document that the journal began with', async () => {
    writeFileSync(path(), '{"old":true}')
    let now = Date.parse('2026-03-01T08:00:00Z')
    const store = new TxnStore(path(), { journal: true }, { now: () => now })
    const other = new TxnStore(path(), { journal: true })
    await store.transaction((txn) => {
      txn.data['n'] = 1
    })
    now += 1000
    await store.transaction((txn) => {
      txn.data['n'] = 2
    })
    await other.restoreToTime('2026-03-01T08:00:00Z')
    expect(await store.read()).toEqual({ old: true, n: 1 })
    await other.restoreToTime('2026-03-01T07:59:59Z')
    expect(await store.read()).toEqual({ old: true })
    await store.close()
    await other.close()
  })
})

/** The bytes of the newest commit. */
async function commitThrice(): Promise<string> {
  let now = Date.parse('2026-03-01T08:00:00Z')
  await using store = new TxnStore(path(), {}, { now: () => now })
  for (const n of [1, 2, 3]) {
    now += 1000
    await store.transaction((txn) => {
      txn.data['n'] = n
    })
  }
  return readFileSync(path(), 'utf8')
}
