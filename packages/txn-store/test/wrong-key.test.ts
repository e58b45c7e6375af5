import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type JsonObject, TxnStore, type TxnStoreOptions } from '../src/index.js'

const dir = useTempDir()
const path = (): string => join(dir(), 'state.json')
const KEY = 'a'.repeat(64)
const encrypted = { encryption: { key: KEY } }

const STRANGERS: readonly { readonly who: string; readonly options: TxnStoreOptions<JsonObject> }[] = [
  { who: 'a store with another key', options: { encryption: { key: 'b'.repeat(64) } } },
  { who: 'a store without a key', options: {} },
]

describe.each(STRANGERS)('$who', ({ options }) => {
  test.each([{ journal: false }, { journal: true }])(
    'refuses everything and changes nothing, journal: $journal',
    async (mode) => {
      const owner = new TxnStore(path(), { ...encrypted, ...mode })
      await commit(owner, 3)
      writeFileSync(join(dir(), 'plain.json'), '{"mine":true}')
      const before = snapshot()
      await using stranger = new TxnStore(path(), { ...options, ...mode })
      stranger.on('warning', () => undefined)
      await expect(stranger.read()).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
      await expect(stranger.write({ mine: true })).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
      await expect(commit(stranger, 1)).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
      await expect(stranger.restoreBackup(join(dir(), 'plain.json'))).rejects.toThrow(/encrypted/)
      expect(snapshot()).toEqual(before)
      expect(await owner.read()).toEqual({ n: 3 })
      await owner.close()
    },
  )
})

describe('getTransactionHistory()', () => {
  test('tells who and when of records whose key is gone, without their changes', async () => {
    await using owner = new TxnStore(path(), encrypted)
    await commit(owner, 2)
    rmSync(path())
    writeFileSync(path(), '{"plain":true}')
    await using later = new TxnStore(path())
    const records = await later.getTransactionHistory()
    expect(records.map(({ operation, success }) => ({ operation, success }))).toEqual([
      { operation: 'count_commit', success: true },
      { operation: 'count_commit', success: true },
    ])
    expect(records.every(({ patch, changed }) => patch === undefined && changed === undefined)).toBe(true)
  })
})

async function commit(store: TxnStore, times: number): Promise<void> {
  for (let n = 1; n <= times; n += 1) {
    await store.transaction(
      (txn) => {
        txn.data['n'] = n
      },
      { operation: 'count' },
    )
  }
}

/** Everything but the lock file, which tells who asked last. */
function snapshot(): Record<string, string> {
  const names = readdirSync(dir(), { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !entry.name.endsWith('.lock'))
  return Object.fromEntries(
    files.map(({ parentPath, name }) => [join(parentPath, name), readFileSync(join(parentPath, name), 'base64')]),
  )
}
