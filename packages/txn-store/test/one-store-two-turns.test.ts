import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const ROUNDS = 30

interface Doc {
  n?: number
}

test.each([
  { first: { journal: true }, second: {} },
  { first: { journal: true }, second: { journal: true } },
  { first: {}, second: {} },
])('turns of one store that the deleted lock file lets in together lose nothing, with %o', async (modes) => {
  await using store = new TxnStore<Doc>(file(), modes.first)
  await using other = new TxnStore<Doc>(file(), modes.second)
  for (const each of [store, other]) each.on('warning', () => undefined)
  let acknowledged = 0
  let refused = 0
  const count = async (by: TxnStore<Doc>, meanwhile: () => void): Promise<void> => {
    try {
      await by.transaction(async (txn) => {
        txn.data.n = (txn.data.n ?? 0) + 1
        meanwhile()
        await new Promise((resolve) => setImmediate(resolve))
      })
      acknowledged += 1
    } catch (error) {
      expect(['ERR_STALE_TOKEN', 'ERR_STATE_TRANSACTION']).toContain((error as { code?: string }).code)
      refused += 1
    }
  }
  const manage = (work: Promise<unknown>): Promise<unknown> =>
    work.catch((error) => expect(['ERR_STALE_TOKEN', 'ERR_STATE_TRANSACTION']).toContain(error.code))
  for (let round = 0; round < ROUNDS; round += 1) {
    const removed = Promise.withResolvers<void>()
    const held = count(store, () => {
      rmSync(`${file()}.lock`)
      removed.resolve()
    })
    await removed.promise
    const others = [manage(store.checkpoint()), manage(store.backupManager.createBackup())]
    await Promise.all([held, ...others, count(other, () => rmSync(`${file()}.lock`, { force: true }))])
  }
  expect(acknowledged + refused).toBe(2 * ROUNDS)
  expect(acknowledged).toBeGreaterThan(ROUNDS / 4)
  expect(await store.read()).toEqual({ n: acknowledged })
  expect((await store.verifyHistory()).problems).toEqual([])
  await store.close()
  await other.close()
  expect(JSON.parse(readFileSync(file(), 'utf8'))).toEqual({ n: acknowledged })
})
