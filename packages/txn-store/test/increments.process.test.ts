/** Processes that change one document at the same time: nobody overwrites anybody. */
import { join } from 'node:path'
import { type Child, type ChildMessage, startChild, useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { expect, test } from 'vitest'

const dir = useTempDir()
const document = (): string => join(dir(), 'pipeline.json')
const INCREMENT = new URL('fixtures/increment.mjs', import.meta.url)
const REMOVE_LOCK_FILE = new URL('fixtures/remove-lock-file.mjs', import.meta.url)

/** Starts so many processes, lets them begin together and waits for their reports. */
async function increment(processes: number, times: number, options: object): Promise<ChildMessage[]> {
  const children: Child[] = Array.from({ length: processes }, () =>
    startChild(INCREMENT, { args: [document(), JSON.stringify(options), String(times)], deadlineMs: 30_000 }),
  )
  await Promise.all(children.map((child) => child.ready()))
  for (const child of children) child.send({ type: 'go' })
  return Promise.all(children.map((child) => child.waitFor('done')))
}

/** The counter, how many commits each process has in the history, and what is wrong with that. */
async function outcome(): Promise<object> {
  await using store = new TxnStore<{ count: number }>(document())
  const perProcess = new Map<string, number>()
  for (const { operation, success } of await store.getTransactionHistory({ limit: Number.POSITIVE_INFINITY })) {
    if (success && operation.startsWith('pid-')) perProcess.set(operation, (perProcess.get(operation) ?? 0) + 1)
  }
  const { problems } = await store.verifyHistory()
  return { count: (await store.read()).count, perProcess: [...perProcess.values()], problems }
}

test.each([
  { name: 'each commit in the file', options: {} },
  { name: 'with a journal', options: { journal: true } },
])('transaction() in 4 processes, 250 times each, $name, loses no update', async ({ options }) => {
  const reports = await increment(4, 250, options)
  expect(reports).toEqual(Array(4).fill(expect.objectContaining({ acknowledged: 250, stale: 0 })))
  expect(await outcome()).toEqual({ count: 1000, perProcess: [250, 250, 250, 250], problems: [] })
})

test('transaction() in 4 processes loses no update while a fifth deletes the lock file all the time', async () => {
  const remover = startChild(REMOVE_LOCK_FILE, { args: [`${document()}.lock`], deadlineMs: 30_000 })
  await remover.ready()
  const reports = await increment(4, 100, {})
  remover.send({ type: 'stop' })
  const { removed } = await remover.waitFor('done')
  expect(removed).toBeGreaterThan(50)
  expect(reports).toEqual(Array(4).fill(expect.objectContaining({ acknowledged: 100 })))
  expect(await outcome()).toEqual({ count: 400, perProcess: [100, 100, 100, 100], problems: [] })
  // It did come to turns that overlapped.
  expect(reports.reduce((sum, { stale }) => sum + Number(stale), 0)).toBeGreaterThan(0)
})
