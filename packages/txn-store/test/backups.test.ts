import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { TxnStore, type TxnStoreOptions } from '../src/index.js'

const dir = useTempDir()
const file = (name = 'pipeline.json'): string => join(dir(), name)
const folder = (): string => join(dir(), '.pipeline/backups')
const names = (): string[] => readdirSync(folder()).sort()
const START = Date.UTC(2026, 2, 1, 8, 30, 5, 7)
const DAY_MS = 86_400_000

interface Doc {
  n?: number
  text?: string
}

/** A clock that stands still until it is set. */
function clock(): { now: () => number; set: (at: number) => void } {
  let at = START
  return {
    now: () => at,
    set: (to) => {
      at = to
    },
  }
}

async function numbersIn(store: TxnStore<Doc>): Promise<(number | undefined)[]> {
  const backups = await store.listBackups({ limit: 1000 })
  return Promise.all(backups.map(async (path) => (await store.readBackup(path)).n))
}

async function writeNumbers(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.write({ n })
}

describe('backups', () => {
  test('hold, newest first, the states that commits replaced; the first commit replaces none', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 1)
    expect(await store.listBackups()).toEqual([])
    await writeNumbers(store, 2, 4)
    expect(await numbersIn(store)).toEqual([3, 2, 1])
    expect((await store.listBackups({ limit: 2 })).length).toBe(2)
    expect(await store.listBackups({ limit: 0 })).toEqual([])
    expect(await store.listBackups({ limit: -1 })).toEqual([])
  })

  test('are named by the time of the commit in UTC, one microsecond apart when the clock stands still or goes back', async () => {
    const { now, set } = clock()
    await using store = new TxnStore<Doc>(file(), {}, { now })
    await writeNumbers(store, 1, 3)
    set(START - DAY_MS)
    await writeNumbers(store, 4, 4)
    expect(names()).toEqual([
      'pipeline_20260301_083005_007000.json.bak',
      'pipeline_20260301_083005_007001.json.bak',
      'pipeline_20260301_083005_007002.json.bak',
    ])
    expect(await numbersIn(store)).toEqual([3, 2, 1])
  })

  test('names stay in order beyond the end of a second', async () => {
    const { now } = clock()
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), 'pipeline_20260301_083005_999999.json.bak'), '{"n":0}')
    await using store = new TxnStore<Doc>(file(), {}, { now })
    await writeNumbers(store, 1, 2)
    expect(names().at(-1)).toBe('pipeline_20260301_083006_000000.json.bak')
    expect(await numbersIn(store)).toEqual([1, 0])
  })

  test('their order and rotation come from the names, whatever the mtimes are', async () => {
    const { now } = clock()
    await using store = new TxnStore<Doc>(file(), { maxBackups: 3 }, { now })
    await writeNumbers(store, 1, 4)
    names().forEach((name, index) => {
      utimesSync(join(folder(), name), 1_900_000_000 - index, 1_900_000_000 - index)
    })
    await using again = new TxnStore<Doc>(file(), { maxBackups: 3 }, { now })
    expect(await numbersIn(again)).toEqual([3, 2, 1])
    await writeNumbers(again, 5, 5)
    expect(await numbersIn(again)).toEqual([4, 3, 2])
  })

  test.each([
    ['pipeline.json', 'pipeline_magi.json'],
    ['a.json', 'a[1].json'],
    ['a.json', 'a_20260301_083005_007000.json'],
    ['state.json', 'state.json.json'],
    ['state.json', 'state.jsonl'],
    ['state', 'state.json'],
    ['a*.json', 'ab.json'],
    ['a.b.json', 'a.json'],
  ])('of %s and %s in one folder are never mixed, nor their histories', async (one, other) => {
    const { now } = clock()
    const options: TxnStoreOptions<Doc> = { maxBackups: 2 }
    await using first = new TxnStore<Doc>(file(one), options, { now })
    await using second = new TxnStore<Doc>(file(other), options, { now })
    for (let round = 0; round < 5; round += 1) {
      await first.write({ n: round })
      await second.write({ n: 100 + round })
    }
    expect(await numbersIn(first)).toEqual([3, 2])
    expect(await numbersIn(second)).toEqual([103, 102])
    expect(names()).toHaveLength(4)
    for (const store of [first, second]) {
      expect(await store.getTransactionHistory()).toHaveLength(5)
      expect((await store.verifyHistory()).problems).toEqual([])
    }
  })

  test('of others and files of other kinds are neither listed nor removed', async () => {
    mkdirSync(folder(), { recursive: true })
    const strangers = [
      'pipeline_20260301_083005_0070001.json.bak',
      'pipeline_20260301_083005_00700.json.bak',
      'pipeline_20260301_083005_007000.json',
      'pipeline_20260301_083005_007000.json.bak.old',
      'pipeline_20260301_083005_007000.json.bak.xz',
      'Pipeline_20260301_083005_007000.json.bak',
      'pipeline_20260301-083005-007000.json.bak',
      'notes.txt',
    ]
    for (const name of strangers) writeFileSync(join(folder(), name), '{"n":-1}')
    const store = new TxnStore<Doc>(file(), { maxBackups: 1 })
    await writeNumbers(store, 1, 4)
    expect(await numbersIn(store)).toEqual([3])
    await store.close()
    expect(names()).toEqual(expect.arrayContaining(strangers))
    expect(names()).toHaveLength(strangers.length + 1)
  })

  test('are those of the Python original as well: its names are listed, rotated and restored', async () => {
    mkdirSync(folder(), { recursive: true })
    writeFileSync(join(folder(), 'pipeline_20241106_120000_123456.json.bak'), '{\n  "n": 7\n}')
    await using store = new TxnStore<Doc>(file())
    expect((await store.listBackups()).map((path) => basename(path))).toEqual([
      'pipeline_20241106_120000_123456.json.bak',
    ])
    await store.restoreBackup((await store.listBackups())[0] ?? '')
    expect(await store.read()).toEqual({ n: 7 })
  })

  test('cost no space and no copying: each is the very file that was replaced', async () => {
    await using store = new TxnStore<Doc>(file())
    const inodes: number[] = []
    for (let n = 0; n < 4; n += 1) {
      await store.write({ n })
      inodes.unshift(statSync(file()).ino)
    }
    expect((await store.listBackups()).map((path) => statSync(path).ino)).toEqual(inodes.slice(1))
  })

  test('survive that somebody removed their folder', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    rmSync(folder(), { recursive: true })
    await writeNumbers(store, 3, 4)
    expect(await numbersIn(store)).toEqual([3, 2])
  })

  test('see what another store of the document made or removed', async () => {
    await using one = new TxnStore<Doc>(file(), { maxBackups: 3 })
    await using other = new TxnStore<Doc>(file(), { maxBackups: 3 })
    await writeNumbers(one, 1, 3)
    await writeNumbers(other, 4, 5)
    await writeNumbers(one, 6, 6)
    expect(await numbersIn(one)).toEqual([5, 4, 3])
    expect(await numbersIn(other)).toEqual([5, 4, 3])
  })
})

describe('retention', () => {
  test.each([
    { maxBackups: 0, kept: [] },
    { maxBackups: 1, kept: [5] },
    { maxBackups: 3, kept: [5, 4, 3] },
    { maxBackups: 9, kept: [5, 4, 3, 2, 1] },
  ])('maxBackups $maxBackups keeps $kept of six states', async ({ maxBackups, kept }) => {
    const store = new TxnStore<Doc>(file(), { maxBackups })
    await writeNumbers(store, 1, 6)
    expect(await numbersIn(store)).toEqual(kept)
    await store.close()
    expect(existsSync(folder()) ? names().length : 0).toBe(kept.length)
  })

  test('the default is fifty', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 53)
    expect((await numbersIn(store)).length).toBe(50)
  })

  test('maxBackupAgeMs removes what was replaced longer ago, by the name', async () => {
    const { now, set } = clock()
    await using store = new TxnStore<Doc>(file(), { maxBackupAgeMs: 2 * DAY_MS }, { now })
    for (let day = 0; day < 5; day += 1) {
      set(START + day * DAY_MS)
      await store.write({ n: day })
    }
    expect(await numbersIn(store)).toEqual([3, 2, 1])
    set(START + 6 * DAY_MS)
    await store.write({ n: 6 })
    expect(await numbersIn(store)).toEqual([4, 3])
  })

  test('lowered, removes the surplus with the next commit', async () => {
    const before = new TxnStore<Doc>(file())
    await writeNumbers(before, 1, 8)
    await before.close()
    await using store = new TxnStore<Doc>(file(), { maxBackups: 2 })
    await writeNumbers(store, 9, 9)
    expect(await numbersIn(store)).toEqual([8, 7])
  })

  test('backupBeforeWrite: false keeps none by itself, and removes none of those there are beyond the limit', async () => {
    await using store = new TxnStore<Doc>(file(), { backupBeforeWrite: false })
    await writeNumbers(store, 1, 2)
    expect(await store.listBackups()).toEqual([])
    const backup = await store.backupManager.createBackup()
    await writeNumbers(store, 3, 6)
    expect(await store.listBackups()).toEqual([backup])
    expect(await numbersIn(store)).toEqual([2])
  })
})

describe('compressBackups', () => {
  test.each([
    { algorithm: 'gzip', suffix: '.gz', unpack: gunzipSync },
    { algorithm: 'zstd', suffix: '.zst', unpack: zstdDecompressSync },
  ] as const)('$algorithm packs all but the newest, and all are read, restored and rotated alike', async (row) => {
    const { algorithm, suffix, unpack } = row
    const store = new TxnStore<Doc>(file(), { maxBackups: 4, compressBackups: { algorithm, keepPlain: 2 } })
    for (let n = 1; n <= 7; n += 1) await store.write({ n, text: 'chunk '.repeat(2000) })
    expect(await numbersIn(store)).toEqual([6, 5, 4, 3])
    const backups = await store.listBackups()
    expect(backups.map((path) => path.endsWith(suffix))).toEqual([false, false, true, true])
    const packed = readFileSync(backups[3] ?? '')
    expect(packed.length).toBeLessThan(1000)
    expect(JSON.parse(unpack(packed).toString())).toMatchObject({ n: 3 })
    await store.restoreBackup(backups[3] ?? '')
    expect(await store.read()).toMatchObject({ n: 3 })
    await store.close()
    expect(names()).toHaveLength(4)
  })

  test('leaves the newest five plain by default', async () => {
    await using store = new TxnStore<Doc>(file(), { compressBackups: { algorithm: 'zstd' } })
    await writeNumbers(store, 1, 8)
    expect((await store.listBackups()).filter((path) => path.endsWith('.bak'))).toHaveLength(5)
    expect(await numbersIn(store)).toEqual([7, 6, 5, 4, 3, 2, 1])
  })

  test('a plain file beside its compressed copy, as a crash leaves it, is told once and tidied up', async () => {
    const compressBackups = { algorithm: 'gzip', keepPlain: 0 } as const
    const store = new TxnStore<Doc>(file(), { compressBackups })
    await writeNumbers(store, 1, 2)
    const [packed = ''] = await store.listBackups()
    await store.close()
    writeFileSync(packed.slice(0, -3), '{\n  "n": 1\n}')
    const again = new TxnStore<Doc>(file(), { compressBackups })
    expect(await again.listBackups()).toEqual([packed])
    await writeNumbers(again, 3, 3)
    expect(await numbersIn(again)).toEqual([2, 1])
    await again.close()
    expect(names().every((name) => name.endsWith('.gz'))).toBe(true)
  })
})

describe('backupManager.createBackup()', () => {
  test('keeps the document as it is now, durable and listed, and gives its path', async () => {
    await using store = new TxnStore<Doc>(file())
    expect(await store.backupManager.createBackup()).toBeUndefined()
    await store.write({ n: 1 })
    const path = await store.backupManager.createBackup()
    expect(await store.listBackups()).toEqual([path])
    expect(await store.readBackup(path ?? '')).toEqual({ n: 1 })
    await store.write({ n: 2 })
    expect(await numbersIn(store)).toEqual([1, 1])
  })

  test('waits for its turn and counts towards the limit', async () => {
    await using store = new TxnStore<Doc>(file(), { maxBackups: 2, lockTimeoutMs: 300 })
    await writeNumbers(store, 1, 3)
    const txn = await store.begin()
    await expect(store.backupManager.createBackup()).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    await txn.rollback()
    await store.backupManager.createBackup()
    expect(await numbersIn(store)).toEqual([3, 2])
  })

  test('refuses to keep a damaged document as if it were one', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    writeFileSync(file(), '{')
    await expect(store.backupManager.createBackup()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
    expect(await store.listBackups()).toEqual([])
  })
})

describe('where the files are', () => {
  test('folder and logName are options', async () => {
    await using store = new TxnStore<Doc>(file(), { folder: 'kept/here', logName: 'audit.log' })
    await writeNumbers(store, 1, 2)
    expect(readdirSync(join(dir(), 'kept/here')).sort()).toEqual(['audit.log', 'backups'])
    expect((await store.listBackups()).map((path) => path.startsWith(join(dir(), 'kept/here/backups/')))).toEqual([
      true,
    ])
  })

  test('a document that is copied away and back keeps its backups', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    copyFileSync(file(), file('away'))
    await writeNumbers(store, 3, 3)
    copyFileSync(file('away'), file())
    expect(await store.read()).toEqual({ n: 2 })
    expect(await numbersIn(store)).toEqual([2, 1])
  })
})
