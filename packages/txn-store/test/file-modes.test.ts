import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { expect, test } from 'vitest'

const dir = useTempDir()

const ROWS: readonly TxnStoreOptions<object>[] = [
  { maxLogBytes: 1 },
  { journal: true },
  { compressBackups: { algorithm: 'gzip', keepPlain: 0 } },
]

test.each(ROWS)('what is kept of a private document beside it is private, too: %o', async (options) => {
  const path = join(dir(), 'state.json')
  await using first = new TxnStore(path)
  await first.write({ secret: 1 })
  chmodSync(path, 0o600)
  chmodSync(join(dir(), '.pipeline', 'state.json.transactions.log'), 0o600)

  await using store = new TxnStore<object>(path, options)
  for (const secret of [2, 3, 4]) await store.write({ secret })
  await store.backupManager.createBackup()
  await store.listBackups()

  const open: string[] = []
  for (const name of readdirSync(dir(), { recursive: true, encoding: 'utf8' })) {
    const status = statSync(join(dir(), name))
    if (status.isFile() && (status.mode & 0o077) !== 0 && !name.endsWith('.lock')) open.push(name)
  }
  expect(open).toEqual([])
})
