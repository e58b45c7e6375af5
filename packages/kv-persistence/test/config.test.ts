import { inspect } from 'node:util'
import { createKvStore, type KvStoreOptions, kvConfigFromEnv } from '@holdfast/kv-persistence'
import { expect, test } from 'vitest'

test('kvConfigFromEnv() takes the variables of the original and the new ones', () => {
  const env = {
    OC_KV_STORE_TYPE: 'redis',
    OC_KV_STORE_REDIS_HOST: 'redis.example.com',
    OC_KV_STORE_REDIS_PORT: '6380',
    OC_KV_STORE_REDIS_PASSWORD: 'secret',
    OC_KV_STORE_REDIS_DB: '0',
    OC_KV_STORE_REDIS_KEY_PREFIX: 'data_fetcher:',
    OC_KV_STORE_SERIALIZER: 'json',
    OC_KV_STORE_DEFAULT_TTL: '3600',
    OC_KV_STORE_REDIS_TLS: 'true',
    OC_CONFIG_ID: 'not used',
  }
  expect(kvConfigFromEnv(env)).toMatchObject({
    type: 'redis',
    host: 'redis.example.com',
    port: 6380,
    password: 'secret',
    db: 0,
    keyPrefix: 'data_fetcher:',
    codec: 'json',
    defaultTtlMs: 3_600_000,
    tls: true,
  })
  expect(kvConfigFromEnv({ OC_KV_STORE_TYPE: 'redis', OC_CONFIG_ID: 'fr' })).toMatchObject({ keyPrefix: 'fr' })
  expect(kvConfigFromEnv({ OC_KV_STORE_SQLITE_PATH: 'x.sqlite' })).toMatchObject({ type: 'sqlite', path: 'x.sqlite' })
  expect(kvConfigFromEnv({ OC_KV_STORE_TYPE: '' })).toMatchObject({ type: 'sqlite' })
})

test('kvConfigFromEnv() names all mistakes at once and shows no value', () => {
  const env = {
    OC_KV_STORE_TYPE: 'redis',
    OC_KV_STORE_REDIS_URL: 'http://user:hush-1@host',
    OC_KV_STORE_REDIS_PORT: 'hush-2',
    OC_KV_STORE_REDIS_DB: '-1',
    OC_KV_STORE_SERIALIZER: 'pickle',
    OC_KV_STORE_DEFAULT_TTL: '0',
    OC_KV_STORE_REDIS_TLS: 'perhaps',
    OC_KV_STORE_ENCRYPTION_KEY: 'hush-3',
  }
  let error: unknown
  try {
    kvConfigFromEnv(env)
  } catch (caught) {
    error = caught
  }
  expect(error).toMatchObject({ code: 'ERR_KV_CONFIG' })
  const { problems } = error as { problems: { option: string }[] }
  expect(problems.map(({ option }) => option).toSorted()).toEqual([
    'OC_KV_STORE_DEFAULT_TTL',
    'OC_KV_STORE_ENCRYPTION_KEY',
    'OC_KV_STORE_REDIS_DB',
    'OC_KV_STORE_REDIS_PORT',
    'OC_KV_STORE_REDIS_TLS',
    'OC_KV_STORE_REDIS_URL',
    'OC_KV_STORE_SERIALIZER',
  ])
  expect(inspect(error)).not.toContain('hush')
  expect(() => kvConfigFromEnv({ OC_KV_STORE_TYPE: 'constructor' })).toThrow('OC_KV_STORE_TYPE: must be one of')
})

test('createKvStore() names all mistakes at once and shows no value', async () => {
  const options = {
    type: 'redis',
    port: 0,
    password: 5,
    hots: 'typo',
    defaultTtlMs: 0,
    url: 'redis://:hush@',
    encryption: { current: { id: 'a', key: new Uint8Array(3) } },
  }
  const error: unknown = await createKvStore(options as unknown as KvStoreOptions).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_KV_CONFIG' })
  const { problems } = error as { problems: { option: string }[] }
  expect(problems.map(({ option }) => option).toSorted()).toEqual([
    'defaultTtlMs',
    'encryption.current.key',
    'hots',
    'password',
    'port',
    'url',
  ])
  expect(inspect(error)).not.toContain('hush')
})

test.each([{ type: 'sqlite', path: ':memory:' }, { type: 'sqlite', path: '' }, { type: 'nosuch' }, {}])(
  'createKvStore(%o) is refused',
  async (options) => {
    await expect(createKvStore(options as unknown as KvStoreOptions)).rejects.toMatchObject({ code: 'ERR_KV_CONFIG' })
  },
)

test('a URL whose password is wrongly encoded is a mistake in the settings, and not shown', async () => {
  const error: unknown = await createKvStore({ type: 'redis', url: 'redis://me:%zzhush@localhost' }).catch(
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_KV_CONFIG', problems: [{ option: 'url' }] })
  expect(inspect(error)).not.toContain('hush')
})

test('a default TTL that no backend can keep is refused, as one in a put is', async () => {
  const options: KvStoreOptions = { type: 'memory', defaultTtlMs: Number.MAX_SAFE_INTEGER }
  await expect(createKvStore(options)).rejects.toMatchObject({ code: 'ERR_KV_CONFIG' })
})

test('two encryption keys of one id are refused: values of one of them could not be read', async () => {
  const [key, other] = [new Uint8Array(32), new Uint8Array(32).fill(1)]
  const encryption = { current: { id: 'a', key }, previous: [{ id: 'a', key: other }] }
  await expect(createKvStore({ type: 'memory', encryption })).rejects.toMatchObject({
    problems: [{ option: 'encryption' }],
  })
})

test('msgpack refuses a Date, Map or Set with properties, which would be lost', async () => {
  await using store = await createKvStore({ type: 'memory', codec: 'msgpack' })
  for (const value of [new Date(0), new Map(), new Set()]) {
    await expect(store.put('k', { at: Object.assign(value, { extra: 1 }) })).rejects.toMatchObject({ path: '$.at' })
  }
})
