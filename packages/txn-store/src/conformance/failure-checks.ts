import assert from 'node:assert/strict'
import { assertRejectsWithCode, committed, operationsOf } from './assertions.js'
import { change, commitOf, increment, inTurn, noteOf } from './commits.js'
import type { StorageCheck } from './suite.js'

export const failureChecks: readonly StorageCheck[] = [
  {
    name: 'commit() that cannot be written leaves everything as it was',
    needs: 'failWrites',
    async run(context) {
      const [storage, other] = [await context.open(), await context.open()]
      const { seq: first } = await increment(storage)
      const session = await storage.acquire({ timeoutMs: 1000 })
      const { data } = await session.read()
      await context.failWrites(true)
      const failing = session.commit(commitOf(data, [{ n: 2 }, { n: 3 }], { operation: 'lost' }))
      await assertRejectsWithCode(failing, 'ERR_STATE_WRITE', 'a commit that cannot be written')
      for (const each of [storage, other]) assert.deepEqual(await each.read(), { data: { n: 1 }, exists: true })
      await context.failWrites(false)
      await session.release()

      const reopened = await context.open()
      assert.deepEqual((await reopened.read()).data, { n: 1 })
      assert.deepEqual(operationsOf(committed(await reopened.history(100))), ['increment_commit'])
      assert.ok((await increment(other)).seq > first)
      await increment(storage)
      for (const each of [storage, other, reopened]) {
        assert.deepEqual((await each.read()).data, { n: 3 })
        assert.deepEqual(operationsOf(committed(await each.history(100))), Array(3).fill('increment_commit'))
      }
    },
  },
  {
    name: 'note() that cannot be written is no error',
    needs: 'failWrites',
    async run(context) {
      const storage = await context.open()
      await increment(storage)
      const session = await storage.acquire({ timeoutMs: 1000 })
      await session.read()
      await context.failWrites(true)
      await session.note([noteOf('rollback', 'failed')])
      await context.failWrites(false)
      await session.release()
      await increment(storage)
      assert.deepEqual((await storage.read()).data, { n: 2 })
    },
  },
  {
    name: 'a damaged document is an error and never taken for empty, and commit() replaces it',
    needs: 'damage',
    async run(context) {
      const storage = await context.open()
      await change(storage, () => ({ text: 'x'.repeat(100) }), { operation: 'before' })
      await context.damage()
      for (const each of [storage, await context.open()]) {
        await assertRejectsWithCode(each.read(), 'ERR_STATE_READ', 'read() of a damaged document')
        assert.deepEqual(operationsOf(await each.history(100)), ['before_commit'])
      }
      await inTurn(storage, async (session) => {
        await assertRejectsWithCode(session.read(), 'ERR_STATE_READ', 'read() in a session')
        await session.commit(commitOf({}, [{ text: 'mended' }], { operation: 'mend' }))
        assert.deepEqual((await session.read()).data, { text: 'mended' })
      })
      for (const each of [storage, await context.open()]) {
        assert.deepEqual(await each.read(), { data: { text: 'mended' }, exists: true })
        assert.deepEqual(operationsOf(await each.history(100)), ['mend_commit', 'before_commit'])
      }
    },
  },
]
