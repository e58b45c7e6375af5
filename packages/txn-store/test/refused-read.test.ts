import { readdirSync, readFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { expect, test } from 'vitest'

const dir = useTempDir()

test('write() does not take a document for damaged that the system would not read', async () => {
  const path = `${dir()}/state.json`
  await nodeFs.mkdir(path)
  await using store = new TxnStore(path)
  await expect(store.write({ n: 1 })).rejects.toMatchObject({ code: 'ERR_STATE_READ', cause: { code: 'EISDIR' } })
  expect(readdirSync(dir()).filter((name) => name.includes('corrupt'))).toEqual([])
  await nodeFs.rmdir(path)
  await store.write({ n: 2 })
  expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ n: 2 })
})
