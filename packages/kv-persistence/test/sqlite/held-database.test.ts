/** Somebody outside, such as the sqlite3 shell, holds the database: each operation waits for its own deadline, and no longer than anybody wants it. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { expect, onTestFinished, test } from 'vitest'

const dir = useTempDir()
const TIMEOUT_MS = 500

async function heldStore(): Promise<{ readonly store: KvStore; readonly holder: DatabaseSync }> {
  const path = join(dir(), 'kv.sqlite')
  const store = await createKvStore({ type: 'sqlite', path, timeoutMs: TIMEOUT_MS })
  const holder = new DatabaseSync(path)
  onTestFinished(() => holder.close())
  holder.exec('BEGIN IMMEDIATE')
  return { store, holder }
}

test('an operation is refused at its own deadline, not at that of one that came before', async () => {
  const { store, holder } = await heldStore()
  await using _ = store
  const early = store.put('early', 1)
  await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS - 100))
  const late = store.put('late', 1)
  await expect(early).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE', reason: 'busy', outcome: 'not-applied' })
  holder.exec('ROLLBACK')
  expect(await late).toBeGreaterThan(0)
  expect(await store.exists('early')).toBe(false)
})

test('close() does not wait for a database that nobody waits for any more', async () => {
  const { store } = await heldStore()
  const controller = new AbortController()
  const put = store.put('k', 1, { signal: controller.signal })
  const refused = expect(put).rejects.toThrow('enough')
  await new Promise((resolve) => setTimeout(resolve, 100))
  controller.abort(new Error('enough'))
  await refused
  await store.close()
})
