import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { TxnStore, type TxnStoreOptions } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const OLD = '11'.repeat(32)
const NEW = '22'.repeat(32)
const SECRET = 'harbour notes'

interface Doc {
  n?: number
  secret?: string
}

function open(options: TxnStoreOptions<Doc> = {}): TxnStore<Doc> {
  return new TxnStore<Doc>(file(), { encryption: { key: OLD }, ...options })
}

/** Everything on disk, by name. */
function everything(): Map<string, Buffer> {
  const names = readdirSync(dir(), { recursive: true, encoding: 'utf8' })
  const files = names.map((name) => join(dir(), name)).filter((path) => statSync(path).isFile())
  return new Map(files.map((path) => [path, readFileSync(path)]))
}

/** The lock file is left out: it changes with every turn. */
function state(): Map<string, Buffer> {
  return new Map([...everything()].filter(([path]) => !path.endsWith('.lock')))
}

async function changeAll(store: TxnStore<Doc>): Promise<void> {
  for (let n = 1; n <= 4; n += 1)
    await store.transaction((txn) => {
      txn.data.n = n
      txn.data.secret = `${SECRET} ${n}`
    })
  await store.backupManager.createBackup()
  await store.restoreBackup((await store.listBackups()).at(-1) ?? '')
}

describe.each([{ journal: false }, { journal: true }])('encryption, journal $journal', ({ journal }) => {
  test('leaves no plain text anywhere on disk, while open and after', async () => {
    const store = open({ journal, compressBackups: { algorithm: 'gzip', keepPlain: 1 }, maxPatchBytes: 100_000 })
    await changeAll(store)
    const check = (): void => {
      const files = everything()
      expect(files.size).toBeGreaterThan(3)
      for (const [path, bytes] of files) {
        expect([path, bytes.includes(SECRET)]).toEqual([path, false])
        expect([path, bytes.includes('"secret"'), bytes.includes('/secret')]).toEqual([path, false, false])
      }
    }
    check()
    await store.close()
    check()
  })

  test('is all there again with the key: document, backups and the changes in the history', async () => {
    const store = open({ journal })
    await changeAll(store)
    const expected = await store.read()
    await store.close()
    await using again = open({ journal })
    expect(await again.read()).toEqual(expected)
    for (const backup of await again.listBackups()) expect((await again.readBackup(backup)).secret).toContain(SECRET)
    const history = await again.getTransactionHistory()
    expect(history.find(({ kind }) => kind === 'commit')).toMatchObject({
      changed: expect.arrayContaining(['/secret']),
      patch: expect.arrayContaining([expect.objectContaining({ path: '/secret' })]),
    })
    expect((await again.verifyHistory()).problems).toEqual([])
  })

  test('a wrong key is an error of its own that names the key, and damages nothing', async () => {
    const store = open({ journal })
    await changeAll(store)
    if (!journal) await store.close()
    const before = state()
    const stranger = open({ journal, encryption: { key: NEW } })
    stranger.on('warning', () => undefined)
    const error = { name: 'WrongKeyError', code: 'ERR_WRONG_KEY', keyId: expect.any(String), hint: expect.any(String) }
    await expect(stranger.read()).rejects.toMatchObject(error)
    await expect(stranger.transaction(() => 1)).rejects.toMatchObject(error)
    await expect(stranger.write({ n: 1 })).rejects.toMatchObject(error)
    await stranger.close().catch(() => undefined)
    expect(state()).toEqual(before)
    await store.close()
  })

  test('a store without a key refuses, and damages nothing', async () => {
    const store = open({ journal })
    await changeAll(store)
    await store.close()
    const before = state()
    await using stranger = new TxnStore<Doc>(file(), { journal })
    stranger.on('warning', () => undefined)
    await expect(stranger.read()).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
    await expect(stranger.write({ n: 1 })).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
    expect(state()).toEqual(before)
  })

  test('a new key takes over with the next write; what is older needs the old one', async () => {
    const first = open({ journal })
    await changeAll(first)
    await first.close()
    const rotating = open({ journal, encryption: { key: NEW, previousKeys: [OLD] } })
    expect((await rotating.read()).secret).toContain(SECRET)
    await rotating.write({ n: 100, secret: SECRET })
    const oldBackup = (await rotating.listBackups()).at(-1) ?? ''
    expect(await rotating.readBackup(oldBackup)).toHaveProperty('secret')
    await rotating.close()
    await using store = open({ journal, encryption: { key: NEW } })
    expect(await store.read()).toEqual({ n: 100, secret: SECRET })
    await expect(store.readBackup(oldBackup)).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
    await expect(store.restoreBackup(oldBackup)).rejects.toMatchObject({ code: 'ERR_WRONG_KEY' })
    expect(await store.read()).toEqual({ n: 100, secret: SECRET })
  })

  test.each([{ journal: false }, { journal: true }])(
    'write() of what is there takes it over to a new key, and from plain, with %o',
    async (mode) => {
      {
        await using plain = new TxnStore<Doc>(file(), mode)
        await plain.write({ n: 1, secret: SECRET })
      }
      {
        await using store = open({ ...mode, encryption: { key: OLD, acceptPlain: true } })
        await store.write(await store.read())
        expect(readFileSync(file(), 'utf8')).not.toContain(SECRET)
        const written = readFileSync(file())
        await store.write(await store.read())
        expect(readFileSync(file())).toEqual(written)
      }
      {
        await using store = open({ ...mode, encryption: { key: NEW, previousKeys: [OLD] } })
        await store.transaction(() => undefined)
        await store.write(await store.read())
      }
      await using store = open({ ...mode, encryption: { key: NEW } })
      expect(await store.read()).toEqual({ n: 1, secret: SECRET })
      expect((await store.verifyHistory()).problems).toEqual([])
    },
  )

  test('the same state is never written as the same bytes twice', async () => {
    await using store = open({ journal })
    await store.write({ n: 1 })
    await store.checkpoint()
    const first = readFileSync(file())
    await store.write({ n: 2 })
    await store.write({ n: 1 })
    await store.checkpoint()
    expect(readFileSync(file())).not.toEqual(first)
  })
})

describe('encryption', () => {
  test.each([1, 50, 200, -2])('a byte that was changed at %i is damage, not another state', async (at) => {
    const store = open()
    await changeAll(store)
    await store.close()
    const bytes = readFileSync(file())
    const index = at < 0 ? bytes.length + at : at
    bytes[index] = (bytes[index] ?? 0) ^ 1
    writeFileSync(file(), bytes)
    await using again = open()
    await expect(again.read()).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_(STATE_READ|WRONG_KEY)$/) })
    await again.restoreBackup((await again.listBackups())[0] ?? '')
    expect(await again.read()).toHaveProperty('secret')
  })

  test('a plain document is refused with a key, unless it is to be taken over', async () => {
    const plain = new TxnStore<Doc>(file())
    await plain.write({ n: 1, secret: SECRET })
    await plain.close()
    await using strict = open()
    await expect(strict.read()).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      hint: expect.stringMatching(/acceptPlain/),
    })
    await using store = open({ encryption: { key: OLD, acceptPlain: true } })
    await store.transaction((txn) => {
      txn.data.n = 2
    })
    expect(readFileSync(file(), 'utf8')).not.toContain(SECRET)
    expect(await strict.read()).toEqual({ n: 2, secret: SECRET })
  })

  test('a key file is taken when only its owner may read it', async () => {
    const keyFile = join(dir(), 'key')
    writeFileSync(keyFile, OLD, { mode: 0o644 })
    await using store = open({ encryption: { keyFile } })
    await expect(store.write({ n: 1 })).rejects.toMatchObject({ code: 'ERR_KEY_FILE', path: keyFile })
    chmodSync(keyFile, 0o600)
    await store.write({ n: 1 })
    await using other = open()
    expect(await other.read()).toEqual({ n: 1 })
  })

  test('names of operations stay readable, errors in the history as well', async () => {
    await using store = open()
    await store.write({ n: 1 }, { operation: 'phase 1' })
    expect(readFileSync(join(dir(), '.pipeline/state.json.transactions.log'), 'utf8')).toContain('phase 1_commit')
  })
})
