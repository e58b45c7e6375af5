import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { beforeEach, describe, expect, test } from 'vitest'

const dir = useTempDir()
const path = (): string => `${dir()}/state.json`
const told = async (store: TxnStore): Promise<unknown[]> =>
  (await store.getTransactionHistory()).map(({ seq, operation, success }) => [seq, operation, success])

describe('the history of a document that is damaged while commits wait in the journal', () => {
  let readable: Buffer
  let writer: TxnStore
  beforeEach(async () => {
    writer = new TxnStore(path(), { journal: true })
    await writer.write({ n: 1 })
    await writer.checkpoint()
    await writer.transaction<void>((txn) => void Object.assign(txn.data, { n: 2 }), { operation: 'two' })
    // As a process that is killed here leaves it: without closing.
    readable = readFileSync(path())
    truncateSync(path(), 5)
    return () => writer.close()
  })

  test('tells of them at once, and still when the document was written anew', async () => {
    await using store = new TxnStore(path(), { journal: true })
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
    const before = await told(store)
    expect(before[0]).toEqual([2, 'two_commit', true])
    await store.write({ n: 3 })
    expect(await told(store)).toEqual([[4, 'write_commit', true], [3, 'external', true], ...before])
    expect(await store.verifyHistory()).toMatchObject({ problems: [] })
    expect(readdirSync(dir()).some((name) => name.startsWith('state.json.corrupt-'))).toBe(true)
  })

  test('does not tell them twice when the writing fails between', async () => {
    const before = await (async () => {
      await using store = new TxnStore(path(), { journal: true })
      await expect(store.transaction(() => undefined)).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
      return told(store)
    })()
    await using store = new TxnStore(path(), { journal: true })
    await store.write({ n: 3 })
    await store.transaction<void>((txn) => void Object.assign(txn.data, { n: 4 }))
    expect((await told(store)).slice(2)).toEqual([[3, 'external', true], ...before])
  })

  test('has them in the document again when its file is put back as it was', async () => {
    {
      await using store = new TxnStore(path(), { journal: true })
      await expect(store.write({ n: Number.NaN })).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION' })
      expect((await told(store))[0]).toEqual([2, 'two_commit', true])
    }
    writeFileSync(path(), readable)
    await using store = new TxnStore(path(), { journal: true })
    await store.transaction<void>((txn) => void Object.assign(txn.data, { more: true }))
    expect(await store.read()).toEqual({ n: 2, more: true })
    await store.checkpoint()
    expect(await store.verifyHistory()).toMatchObject({ problems: [] })
  })
})
