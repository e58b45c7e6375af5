/** Files that somebody takes away from an open store: nothing more is acknowledged into what nobody will ever read. */
import { copyFileSync, existsSync, renameSync, rmSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const dir = useTempDir()
const open = (path: string): Promise<KvStore> => createKvStore({ type: 'sqlite', path })
const LOST = { code: 'ERR_KV_UNAVAILABLE', reason: 'refused', outcome: 'not-applied' }

async function expectRefused(store: KvStore): Promise<void> {
  await expect(store.put('y', 2)).rejects.toMatchObject(LOST)
  await expect(store.get('x')).rejects.toMatchObject(LOST)
  await expect(store.scan().next()).rejects.toMatchObject(LOST)
}

test.each(['', '-wal', '-shm'])(
  'a store whose file%s was removed says so, also when another one took the name',
  async (end) => {
    const path = join(dir(), 'kv.sqlite')
    await using store = await open(path)
    await store.put('x', 1)
    rmSync(path + end)
    await expectRefused(store)
    copyFileSync(`${path}.lock`, path + end)
    await expectRefused(store)
  },
)

test('a store whose file was replaced by a copy says so', async () => {
  const path = join(dir(), 'kv.sqlite')
  await using store = await open(path)
  await store.put('x', 1)
  copyFileSync(path, `${path}.copy`)
  renameSync(`${path}.copy`, path)
  await expectRefused(store)
})

test('a store whose file was emptied acknowledges nothing any more', async () => {
  const path = join(dir(), 'kv.sqlite')
  await using store = await open(path)
  await store.put('x', 1)
  truncateSync(path)
  await expectRefused(store)
})

test('a file that is put back is used again', async () => {
  const path = join(dir(), 'kv.sqlite')
  await using store = await open(path)
  await store.put('x', 1)
  renameSync(path, `${path}.away`)
  await expectRefused(store)
  expect(existsSync(path)).toBe(false)
  renameSync(`${path}.away`, path)
  await store.put('y', 2)
  expect(await store.getMany(['x', 'y'])).toMatchObject([{ value: 1 }, { value: 2 }])
})
