import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { TxnStore, type TxnStoreOptions } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'pipeline.json')
const onDisk = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))
const HOLD = new URL('fixtures/hold-transaction.mjs', import.meta.url)
const START = Date.UTC(2026, 2, 1, 8)

interface Doc {
  n?: number
  list?: number[]
}

async function writeNumbers(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.write({ n })
}

/** Replaces what a path names, without changing other names of the same file. */
function replace(path: string, content: string | Buffer): void {
  rmSync(path, { force: true })
  writeFileSync(path, content)
}

describe('restoreBackup()', () => {
  test('makes the document what it was, byte for byte, and tells the history which backup it was', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 3)
    const [, older = ''] = await store.listBackups()
    const bytes = readFileSync(older)
    const { replaced } = await store.restoreBackup(older)
    expect(readFileSync(file())).toEqual(bytes)
    expect(readFileSync(replaced ?? '', 'utf8')).toContain('3')
    expect((await store.getTransactionHistory({ limit: 1 }))[0]).toMatchObject({
      operation: 'restore_commit',
      kind: 'restore',
      success: true,
      details: { backup: basename(older) },
      backup: basename(replaced ?? ''),
      changed: ['/n'],
    })
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('can be undone, and the undoing as well, without end and without loss', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    let [path = ''] = await store.listBackups()
    for (const expected of [1, 2, 1, 2]) {
      path = (await store.restoreBackup(path)).replaced ?? ''
      expect(await store.read()).toEqual({ n: expected })
    }
  })

  test('never loses the newest commit, whichever backup it is and however few are kept', async () => {
    await using store = new TxnStore<Doc>(file(), { maxBackups: 1 })
    await writeNumbers(store, 1, 3)
    const { replaced } = await store.restoreBackup((await store.listBackups())[0] ?? '')
    expect(await store.read()).toEqual({ n: 2 })
    expect(await store.readBackup(replaced ?? '')).toEqual({ n: 3 })
  })

  test.each<{ name: string; content: string | Buffer }>([
    { name: 'cut', content: '{"n":' },
    { name: 'empty', content: '' },
    { name: 'not an object', content: '[1]' },
    { name: 'not UTF-8', content: Buffer.from([0x7b, 0xff, 0x7d]) },
  ])('refuses a backup that is $name, and changes nothing', async ({ content }) => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    const [backup = ''] = await store.listBackups()
    replace(backup, content)
    const log = readFileSync(join(dir(), '.pipeline/transactions.log'))
    await expect(store.restoreBackup(backup)).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      path: backup,
      hint: expect.any(String),
    })
    expect(onDisk()).toEqual({ n: 2 })
    expect(await store.listBackups()).toEqual([backup])
    expect(readFileSync(join(dir(), '.pipeline/transactions.log'))).toEqual(log)
  })

  test('refuses a compressed backup that is cut', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    const packed = join(dir(), 'old.json.bak.gz')
    writeFileSync(packed, gzipSync('{"n":5}').subarray(0, -6))
    await expect(store.restoreBackup(packed)).rejects.toMatchObject({ code: 'ERR_STATE_READ', path: packed })
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('refuses one that is not there, and a folder', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    await expect(store.restoreBackup(join(dir(), 'none'))).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
    await expect(store.restoreBackup(dir())).rejects.toMatchObject({ name: 'StateReadError' })
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('checks the schema, unless told not to', async () => {
    const before = new TxnStore<Record<string, unknown>>(file())
    await before.write({ n: 'one' })
    await before.write({ n: 2 })
    const [backup = ''] = await before.listBackups()
    await before.close()
    await using store = new TxnStore<Doc>(file(), { schema: z.object({ n: z.number() }) })
    await expect(store.restoreBackup(backup)).rejects.toMatchObject({
      code: 'ERR_STATE_VALIDATION',
      issues: [{ path: '/n' }],
    })
    expect(onDisk()).toEqual({ n: 2 })
    await store.restoreBackup(backup, { validate: false })
    expect(onDisk()).toEqual({ n: 'one' })
  })

  test('replaces a damaged document also by an empty one', async () => {
    await using store = new TxnStore(file())
    writeFileSync(file(), '{}')
    await store.transaction((txn) => {
      txn.data.n = 1
    })
    const [empty = ''] = await store.listBackups()
    writeFileSync(file(), '{"n": ')
    await store.restoreBackup(empty)
    expect(await store.read()).toEqual({})
    expect(readFileSync(file(), 'utf8')).toBe('{}')
    writeFileSync(file(), '{"n": ')
    await store.write({})
    expect(readFileSync(file(), 'utf8')).toBe('{}')
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('replaces a damaged document, which is set aside, and one that is missing', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    const [backup = ''] = await store.listBackups()
    replace(file(), '{"n": 2')
    expect(await store.restoreBackup(backup)).toEqual({ replaced: undefined })
    expect(onDisk()).toEqual({ n: 1 })
    const aside = readdirSync(dir()).filter((name) => name.includes('.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dir(), name), 'utf8'))).toEqual(['{"n": 2'])
    rmSync(file())
    expect(await store.restoreBackup(backup)).toEqual({ replaced: undefined })
    expect(onDisk()).toEqual({ n: 1 })
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('takes its turn: under the lock of another process it waits, and gives up in time', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    const [backup = ''] = await store.listBackups()
    const child = startChild(HOLD, { args: [file()] })
    await child.ready()
    const impatient = store.restoreBackup(backup, { lockTimeoutMs: 30 })
    await expect(impatient).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    const patient = store.restoreBackup(backup, { lockTimeoutMs: 10_000, label: 'night shift' })
    child.send({ type: 'end', how: 'commit' })
    expect(await store.readBackup((await patient).replaced ?? '')).toMatchObject({ n: 2, held: true })
    expect(onDisk()).toEqual({ n: 1 })
    expect((await store.getTransactionHistory({ limit: 1 }))[0]).toMatchObject({ label: 'night shift' })
  })

  test('of the state that is there changes nothing', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    const backup = await store.backupManager.createBackup()
    await store.restoreBackup(backup ?? '')
    expect(await store.getTransactionHistory()).toHaveLength(1)
    expect(await store.listBackups()).toEqual([backup])
  })

  test('takes any file with a document in it', async () => {
    mkdirSync(join(dir(), 'usb'))
    writeFileSync(join(dir(), 'usb/copy.json'), '{"n":9}')
    await using store = new TxnStore<Doc>(file())
    await store.restoreBackup(join(dir(), 'usb/copy.json'))
    expect(onDisk()).toEqual({ n: 9 })
  })
})

describe.each<{ mode: string; options: TxnStoreOptions<Doc> }>([
  { mode: 'whole documents', options: {} },
  { mode: 'a journal', options: { journal: true } },
])('restoreToTime() with $mode', ({ options }) => {
  /** A store with states 1 to n, committed an hour apart. */
  async function oneAnHour(hours: number): Promise<TxnStore<Doc>> {
    let now = START
    const store = new TxnStore<Doc>(file(), options, { now: () => now })
    for (let hour = 1; hour <= hours; hour += 1) {
      now += 3_600_000
      await store.write({ n: hour })
    }
    return store
  }

  test.each([
    { minutes: 60, expected: 1 },
    { minutes: 90, expected: 1 },
    { minutes: 119, expected: 1 },
    { minutes: 120, expected: 2 },
    { minutes: 270, expected: 4 },
    { minutes: 999, expected: 6 },
  ])('$minutes minutes after the start, gives state $expected of six', async ({ minutes, expected }) => {
    await using store = await oneAnHour(6)
    await store.restoreToTime(START + minutes * 60_000)
    expect(await store.read()).toEqual({ n: expected })
  })

  test('can be undone, takes dates and ISO texts, and is told in the history', async () => {
    await using store = await oneAnHour(3)
    const { replaced } = await store.restoreToTime('2026-03-01T09:30:00Z')
    expect(await store.read()).toEqual({ n: 1 })
    expect((await store.getTransactionHistory({ limit: 1 }))[0]).toMatchObject({
      kind: 'restore',
      details: { backup: '2026-03-01T09:30:00.000Z' },
    })
    await store.restoreBackup(replaced ?? '')
    expect(await store.read()).toEqual({ n: 3 })
    await store.restoreToTime(new Date(START + 2 * 3_600_000))
    expect(await store.read()).toEqual({ n: 2 })
  })

  test('before there was anything is the empty document or an error, never another state', async () => {
    await using store = await oneAnHour(2)
    await store.restoreToTime(START)
    expect(await store.read()).toEqual({})
  })

  test('refuses what is no instant, and changes nothing', async () => {
    await using store = new TxnStore<Doc>(file(), options)
    await store.write({ n: 1 })
    await expect(store.restoreToTime('yesterday')).rejects.toBeInstanceOf(RangeError)
    expect(await store.read()).toEqual({ n: 1 })
  })
})

describe('restoreToTime() where the backups do not reach', () => {
  test('goes on from an older one by the changes that the history tells', async () => {
    let now = START
    await using store = new TxnStore<Doc>(file(), { maxBackups: 1, backupBeforeWrite: false }, { now: () => now })
    await store.write({ n: 0, list: [] })
    for (let hour = 1; hour <= 4; hour += 1) {
      now += 3_600_000
      await store.transaction((txn) => {
        txn.data.n = hour
        txn.data.list?.push(hour)
      })
    }
    await store.restoreToTime(START + 2.5 * 3_600_000)
    expect(await store.read()).toEqual({ n: 2, list: [1, 2] })
  })

  test('is an error that names the oldest time when a change was too large to be told', async () => {
    let now = START
    await using store = new TxnStore<Doc>(file(), { maxBackups: 0, maxPatchBytes: 40 }, { now: () => now })
    await store.write({ n: 0 })
    now += 1000
    await store.write({ n: 1, list: Array.from({ length: 50 }, (_, n) => n) })
    now += 1000
    await store.write({ n: 2 })
    const before = readFileSync(file())
    await expect(store.restoreToTime(START + 1000)).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      message: expect.stringContaining('2026-03-01T08:00:01.000Z'),
    })
    expect(readFileSync(file())).toEqual(before)
    expect(existsSync(join(dir(), '.pipeline/backups'))).toBe(false)
  })
})
