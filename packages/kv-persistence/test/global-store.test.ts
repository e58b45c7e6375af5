import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  closeGlobalStore,
  configureGlobalStore,
  createPersistenceManager,
  getGlobalStore,
} from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { afterEach, expect, test, vi } from 'vitest'

const dir = useTempDir()
afterEach(async () => {
  await closeGlobalStore()
  vi.unstubAllEnvs()
})

test('getGlobalStore() gives everybody the same store, opened when it is first asked for', async () => {
  const path = join(dir(), 'kv.sqlite')
  await configureGlobalStore({ type: 'sqlite', path })
  expect(existsSync(path)).toBe(false)
  const [one, two] = await Promise.all([getGlobalStore(), getGlobalStore()])
  expect(one).toBe(two)
  expect(existsSync(path)).toBe(true)
})

test('configureGlobalStore() closes the store before, and managers go on with the new one', async () => {
  const manager = createPersistenceManager('m')
  await configureGlobalStore({ type: 'memory' })
  const before = await getGlobalStore()
  await manager.saveState({ n: 1 })
  await configureGlobalStore({ type: 'memory' })
  await expect(before.get('x')).rejects.toMatchObject({ code: 'ERR_KV_CLOSED' })
  expect(await manager.loadState()).toEqual({})
})

test('configureGlobalStore() with a mistake changes nothing', async () => {
  await configureGlobalStore({ type: 'memory' })
  const store = await getGlobalStore()
  await expect(configureGlobalStore({ type: 'memory', defaultTtlMs: 0 })).rejects.toMatchObject({
    code: 'ERR_KV_CONFIG',
  })
  expect(await getGlobalStore()).toBe(store)
})

test('getGlobalStore() of nobody configured goes by the environment, and tries again after a failure', async () => {
  vi.stubEnv('OC_KV_STORE_TYPE', 'nosuch')
  await expect(getGlobalStore()).rejects.toMatchObject({ code: 'ERR_KV_CONFIG' })
  vi.stubEnv('OC_KV_STORE_TYPE', 'memory')
  expect((await getGlobalStore()).backend).toBe('memory')
})
