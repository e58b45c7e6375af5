import assert from 'node:assert/strict'
import type { Transaction } from '../transaction.js'
import { TxnStore } from '../txn-store.js'
import { assertRejectsWithCode, committed, operationsOf } from './assertions.js'
import type { CheckContext } from './check-context.js'
import type { StorageCheck } from './suite.js'

interface Counter {
  n?: number
  names?: string[]
}

export const transactionChecks: readonly StorageCheck[] = [
  {
    name: 'transactions of several stores at a time lose nothing',
    async run(context) {
      const stores = [await openStore(context), await openStore(context), await openStore(context)]
      const work = stores.flatMap((store) => Array.from({ length: 10 }, () => store.transaction(addOne)))
      await context.within('30 transactions', Promise.all(work))
      await Promise.all(stores.map((store) => store.close()))
      const storage = await context.open()
      assert.deepEqual((await storage.read()).data, { n: 30 })
      assert.equal(committed(await storage.history(100)).length, 30)
    },
  },
  {
    name: 'a transaction that fails takes nothing of those beside it with it',
    async run(context) {
      await using store = await openStore(context)
      const add = (name: string) => (transaction: Transaction<Counter>) => {
        transaction.data.names = [...(transaction.data.names ?? []), name]
        if (name === 'bad') throw new Error('refused')
      }
      const results = await Promise.allSettled(
        ['a', 'bad', 'b'].map((name) => store.transaction(add(name), { operation: name })),
      )
      assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      const storage = await context.open()
      assert.deepEqual((await storage.read()).data, { names: ['a', 'b'] })
      const history = await storage.history(100)
      assert.deepEqual(operationsOf(committed(history)), ['a_commit', 'b_commit'])
      assert.ok(operationsOf(history).includes('bad_rollback'))
    },
  },
  {
    name: 'transactions that wait give up each at its own time',
    async run(context) {
      await using store = await openStore(context)
      const held = await context.open()
      const session = await held.acquire({ timeoutMs: 1000 })
      const patient = store.transaction(addOne, { lockTimeoutMs: context.deadlineMs })
      // Handled below; it must not fail while the other is waited for.
      patient.catch(() => undefined)
      const hasty = store.transaction(addOne, { lockTimeoutMs: 60 })
      await assertRejectsWithCode(context.within('a hasty transaction', hasty), 'ERR_STATE_LOCK', 'A transaction')
      await session.release()
      await context.within('a patient transaction', patient)
      assert.deepEqual((await held.read()).data, { n: 1 })
    },
  },
]

/** A store on a storage of its own, which it closes. */
async function openStore(context: CheckContext): Promise<TxnStore<Counter>> {
  const storage = await context.open()
  return new TxnStore<Counter>(storage.path, { storage })
}

function addOne({ data }: Transaction<Counter>): void {
  data.n = (data.n ?? 0) + 1
}
