import assert from 'node:assert/strict'
import { assertRejectsWithCode, assertSameBytes, noise, text } from './bodies.js'
import type { StoreCheck } from './suite.js'

export const lifecycleChecks: readonly StoreCheck[] = [
  {
    name: 'check() finds a store usable and stores nothing',
    async run(store) {
      await using archive = await store.open()
      assert.deepEqual(await archive.check().then(({ usable, problems }) => ({ usable, problems })), {
        usable: true,
        problems: [],
      })
      assert.deepEqual(await archive.listKeys(), [])
    },
  },
  {
    name: 'createFolder() makes a folder that check() finds, and may be called again',
    async run(store) {
      await using archive = await store.open()
      await archive.createFolder()
      await archive.createFolder()
      assert.deepEqual(await archive.check(), { usable: true, folderExists: true, problems: [] })
      await archive.put('7', text('kept'))
      await archive.createFolder()
      assertSameBytes(await archive.get('7'), text('kept'))
    },
  },
  {
    name: 'a signal that is aborted already ends every call with its reason and stores nothing',
    async run(store) {
      await using archive = await store.open()
      const reason = new Error('stop')
      const options = { signal: AbortSignal.abort(reason) }
      await assert.rejects(archive.put('7', text('x'), options), reason)
      await assert.rejects(archive.get('7', options), reason)
      await assert.rejects(archive.stat('7', options), reason)
      await assert.rejects(archive.listKeys(options), reason)
      await assert.rejects(archive.listRuns(options), reason)
      await assert.rejects(archive.check(options), reason)
      await assert.rejects(archive.createFolder(options), reason)
      assert.deepEqual(await archive.listKeys(), [])
    },
  },
  {
    name: 'a put that is aborted on its way leaves nothing or the whole body, and can be repeated',
    async run(store) {
      await using archive = await store.open()
      const body = noise(1_000_000)
      const controller = new AbortController()
      const putting = archive.put('7', body, { signal: controller.signal })
      controller.abort(new Error('stop'))
      const [result] = await Promise.allSettled([putting])
      if (result.status === 'rejected') assert.equal(result.reason.message, 'stop')
      await archive.put('7', body)
      assertSameBytes(await archive.get('7'), body)
    },
  },
  {
    name: 'close() waits for a put under way, may be repeated, and ends every other method',
    async run(store) {
      const archive = await store.open()
      await using other = await store.open()
      const closing = async (): Promise<void> => {
        await archive.close()
        assert.ok(await other.stat('7'), 'close() returned before the put had stored')
      }
      const [{ outcome }] = await Promise.all([archive.put('7', noise(500_000)), closing()])
      assert.equal(outcome, 'stored')
      await archive.close()
      await assertRejectsWithCode(archive.put('8', text('x')), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.get('7'), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.stat('7'), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.listKeys(), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.listRuns(), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.check(), 'ERR_ARCHIVE_CLOSED')
      await assertRejectsWithCode(archive.createFolder(), 'ERR_ARCHIVE_CLOSED')
    },
  },
  {
    name: 'what one handle stored is there for one opened after it was closed',
    async run(store) {
      await using first = await store.open()
      await first.put('7', text('x'))
      await first.close()
      await using second = await store.open()
      assertSameBytes(await second.get('7'), text('x'))
      assert.equal((await second.put('7', text('x'))).outcome, 'already-stored')
    },
  },
]
