/** A damaged database: told by a typed error, kept as it is, replaced by an empty one; a torn log loses its last commits and nothing else. */
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { inspect } from 'node:util'
import { createKvStore, type KvStore } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import fc from 'fast-check'
import { expect, test } from 'vitest'

const dir = useTempDir()
const open = (path: string): Promise<KvStore> => createKvStore({ type: 'sqlite', path })

async function filled(path: string, count = 500): Promise<void> {
  await using store = await open(path)
  await store.putMany(Array.from({ length: count }, (_, n) => [`k${n}`, 'v'.repeat(100)] as const))
}

const PAGE = 4096
const damages: readonly { readonly name: string; readonly damage: (path: string) => void }[] = [
  { name: 'cut in the middle of a page', damage: (path) => truncateSync(path, Math.floor(statSync(path).size / 2)) },
  { name: 'with noise over its header', damage: (path) => overwrite(path, 0, Buffer.alloc(200, 0x5a)) },
  { name: 'with noise over a page', damage: (path) => overwrite(path, 3 * PAGE, Buffer.alloc(PAGE, 0x5a)) },
  { name: 'that is text', damage: (path) => writeFileSync(path, 'not a database, '.repeat(1000)) },
]

function overwrite(path: string, at: number, noise: Buffer): void {
  const bytes = readFileSync(path)
  noise.copy(bytes, at)
  writeFileSync(path, bytes)
}

test.each(damages)('a database $name is refused, kept, and the next open starts empty', async ({ damage }) => {
  const path = join(dir(), 'kv.sqlite')
  await filled(path)
  damage(path)
  const before = readFileSync(path)
  const error = await open(path).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toMatchObject({ code: 'ERR_KV_CORRUPT', path, successor: `${path}.g2` })
  expect(readFileSync(path).equals(before)).toBe(true)
  {
    await using store = await open(path)
    expect(await store.get('k1')).toBeUndefined()
    await store.put('k1', 'new')
  }
  await using again = await open(path)
  expect(await again.get('k1')).toBe('new')
})

test('damage that is met in use ends the store with a typed error, for readers and writers', async () => {
  const path = join(dir(), 'kv.sqlite')
  await filled(path, 20_000)
  await using reader = await open(path)
  await using writer = await open(path)
  const bytes = readFileSync(path)
  for (let at = 2 * PAGE; at < bytes.length; at += PAGE) bytes.fill(0x5a, at, at + PAGE)
  writeFileSync(path, bytes)
  const corrupt = { code: 'ERR_KV_CORRUPT', path }
  await expect(readAll(reader)).rejects.toMatchObject(corrupt)
  await expect(writer.put('k17000', 1)).rejects.toMatchObject(corrupt)
  await expect(reader.get('k1')).rejects.toMatchObject(corrupt)
  await using store = await open(path)
  await store.put('k', 1)
  expect(existsSync(`${path}.g2`)).toBe(true)
})

async function readAll(store: KvStore): Promise<number> {
  let count = 0
  for await (const _ of store.scan()) count += 1
  return count
}

test('a log cut anywhere keeps a beginning of the commits, each whole', async () => {
  const folder = dir()
  const path = join(folder, 'kv.sqlite')
  await using store = await open(path)
  const COMMITS = 30
  for (let n = 0; n < COMMITS; n += 1)
    await store.putMany([
      [`a${n}`, n],
      [`b${n}`, 'x'.repeat(500)],
    ])
  const logBytes = statSync(`${path}-wal`).size
  let copies = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: logBytes }), async (cut) => {
      copies += 1
      const copy = join(folder, `copy${copies}.sqlite`)
      copyFileSync(path, copy)
      copyFileSync(`${path}-wal`, `${copy}-wal`)
      truncateSync(`${copy}-wal`, cut)
      const opened = await open(copy)
      try {
        const found: [boolean, boolean][] = []
        for (let n = 0; n < COMMITS; n += 1) found.push([await opened.exists(`a${n}`), await opened.exists(`b${n}`)])
        const kept = found.findIndex(([a, b]) => !a && !b)
        expect(found).toEqual(found.map((_, n) => (kept < 0 || n < kept ? [true, true] : [false, false])))
        if (cut === logBytes) expect(kept).toBe(-1)
      } finally {
        await opened.close()
      }
    }),
    { numRuns: 40, examples: [[0], [logBytes], [logBytes - 1]] },
  )
})

test('a database of another program, or of a newer version, is left alone', async () => {
  const { DatabaseSync } = await import('node:sqlite')
  const path = join(dir(), 'kv.sqlite')
  const other = new DatabaseSync(path)
  other.exec('CREATE TABLE theirs (a)')
  other.close()
  const before = readFileSync(path)
  await expect(open(path)).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE', reason: 'refused' })
  expect(readFileSync(path).equals(before)).toBe(true)

  const newer = join(dir(), 'newer.sqlite')
  await filled(newer, 1)
  const db = new DatabaseSync(newer)
  db.exec('PRAGMA user_version = 99')
  db.close()
  await expect(open(newer)).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE', reason: 'refused' })
})

test('a damaged value is in no part of the error', async () => {
  const path = join(dir(), 'kv.sqlite')
  await using store = await open(path)
  await store.put('k', 1)
  const db = new DatabaseSync(path)
  db.prepare('UPDATE entries SET value = ?').run('j:hush-4711')
  db.close()
  const error: unknown = await store.get('k').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_KV_DECODE', key: 'k' })
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hush')
})
