import { utimesSync, writeFileSync } from 'node:fs'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()

describe.each([
  ['a document in its file', {}],
  ['a journal', { journal: true }],
  ['no backup before each write', { backupBeforeWrite: false }],
])('restoreBackup() with %s', (_title, options) => {
  test('keeps the very state that it replaces', async () => {
    await using store = new TxnStore(`${dir()}/state.json`, options)
    await store.write({ n: 1 })
    const backup = await store.backupManager.createBackup()
    await store.write({ n: 2 })
    await store.write({ n: 3 })
    const { replaced } = await store.restoreBackup(backup ?? '')
    expect(await store.read()).toEqual({ n: 1 })
    await store.restoreBackup(replaced ?? '')
    expect(await store.read()).toEqual({ n: 3 })
  })

  test('loses nothing of the transactions that wait with it', async () => {
    await using store = new TxnStore(`${dir()}/state.json`, options)
    await store.write({ n: 1 })
    const backup = (await store.backupManager.createBackup()) ?? ''
    const isRead = Promise.withResolvers<void>()
    const first = store.transaction<unknown>(async (txn) => {
      txn.data.n = 2
      await isRead.promise
    })
    const second = store.write({ n: 3 })
    const restore = store.restoreBackup(backup)
    // Read after the restore has read it: by now that waits behind the two others.
    await store.readBackup(backup)
    isRead.resolve()
    await Promise.all([first, second])
    const { replaced } = await restore
    expect(await store.read()).toEqual({ n: 1 })
    expect(await store.readBackup(replaced ?? '')).toEqual({ n: 3 })
  })
})

test('restoreBackup() names no backup when none may be kept', async () => {
  await using store = new TxnStore(`${dir()}/state.json`, { maxBackups: 0 })
  await using other = new TxnStore(`${dir()}/other.json`)
  await other.write({ n: 1 })
  await store.write({ n: 2 })
  expect(await store.restoreBackup(other.path)).toEqual({ replaced: undefined })
  expect(await store.read()).toEqual({ n: 1 })
  expect(await store.listBackups()).toEqual([])
})

test('restoreBackup() is over when it resolves: what changes the document then is no stranger to its turn', async () => {
  await using store = new TxnStore(`${dir()}/state.json`)
  for (const n of [1, 2, 3]) await store.write({ n })
  await store.restoreBackup((await store.listBackups()).at(-1) ?? '')
  utimesSync(store.path, 1, 1)
  await store.transaction<unknown>((txn) => {
    txn.data.more = true
  })
  expect(await store.read()).toEqual({ n: 1, more: true })
})

test('the hint of a damaged document names the newest backup that is good', async () => {
  await using store = new TxnStore(`${dir()}/state.json`)
  for (const n of [1, 2, 3]) await store.write({ n })
  const [newest = '', good = ''] = await store.listBackups()
  for (const path of [newest, store.path]) writeFileSync(path, '{"n":')
  await expect(store.read()).rejects.toMatchObject({ hint: expect.stringContaining(good) })
})

test('createBackup() is a file of its own, which stays as it is when a program writes the document in place', async () => {
  await using store = new TxnStore(`${dir()}/state.json`)
  await store.write({ n: 1 })
  const backup = (await store.backupManager.createBackup()) ?? ''
  writeFileSync(store.path, '{"n":')
  expect(await store.readBackup(backup)).toEqual({ n: 1 })
})
