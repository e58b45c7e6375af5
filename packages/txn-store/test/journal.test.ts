import {
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const journal = (): string => join(dir(), '.pipeline/state.json.journal')
const onDisk = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))
const fixture = (name: string): URL => new URL(`fixtures/${name}.mjs`, import.meta.url)
const JOURNAL = { journal: true }

interface Doc {
  n?: number
  list?: number[]
  large?: string[]
  held?: boolean
}

async function writeNumbers(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1)
    await store.transaction((txn) => {
      txn.data.n = n
      txn.data.list = [...(txn.data.list ?? []), n]
    })
}

/** Leaves commits in the journal, as a process that is killed does. */
async function leaveInJournal(commits: number): Promise<void> {
  const child = startChild(fixture('count-in-a-loop'), {
    args: [file(), '{"journal":true}', JSON.stringify({ commits: commits + 1 })],
    crash: { atOperation: commits + 1, operation: 'datasync' },
  })
  await child.ready()
  child.send({ type: 'go' })
  await child.exited
}

describe('a journal', () => {
  test('takes the commits, the file stays as it is until the checkpoint', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ n: 0 })
    await store.checkpoint()
    const before = readFileSync(file())
    await writeNumbers(store, 1, 3)
    expect(readFileSync(file())).toEqual(before)
    expect(readFileSync(journal(), 'utf8').trimEnd().split('\n')).toHaveLength(4)
    expect(await store.read()).toEqual({ n: 3, list: [1, 2, 3] })
    await store.checkpoint()
    expect(onDisk()).toEqual({ n: 3, list: [1, 2, 3] })
    expect(readFileSync(journal(), 'utf8').trimEnd().split('\n')).toHaveLength(1)
  })

  test('is not mistaken for the one before it, whose inode the file system has given it', async () => {
    await using reader = new TxnStore<Doc>(file(), JOURNAL)
    for (const more of [2, 3]) {
      await using writer = new TxnStore<Doc>(file(), JOURNAL)
      const setTo = (n: number): Promise<void> => writer.transaction((txn) => void Object.assign(txn.data, { n }))
      await setTo(100)
      await writer.checkpoint()
      for (const n of [101, 102]) await setTo(n)
      expect(await reader.read()).toEqual({ n: 102 })
      linkSync(journal(), join(dir(), 'inode'))
      await writer.checkpoint()
      for (let n = 201; n <= 200 + more; n += 1) await setTo(n)
      writeFileSync(join(dir(), 'inode'), readFileSync(journal()))
      renameSync(join(dir(), 'inode'), journal())
      expect(await reader.read()).toEqual({ n: 200 + more })
    }
    await writeNumbers(reader, 104, 104)
    expect((await reader.verifyHistory()).problems).toEqual([])
  })

  test('is read anew when its end was cut and written again', async () => {
    await using reader = new TxnStore<Doc>(file(), JOURNAL)
    await leaveInJournal(2)
    const short = readFileSync(journal())
    // As a failed append leaves it for a moment: a line that somebody sees, and that is taken back.
    await using writer = new TxnStore<Doc>(file(), JOURNAL)
    await writeNumbers(writer, 71, 71)
    const taken = await reader.read()
    expect(taken).toMatchObject({ n: 71 })
    truncateSync(journal(), short.length)
    await using another = new TxnStore<Doc>(file(), JOURNAL)
    await writeNumbers(another, 72, 72)
    expect(await reader.read()).toMatchObject({ n: 72 })
    await writeNumbers(reader, 73, 73)
    expect((await reader.verifyHistory()).problems).toEqual([])
  })

  test('is written into the file by close(), and gone then', async () => {
    const store = new TxnStore<Doc>(file(), JOURNAL)
    await writeNumbers(store, 1, 3)
    expect(existsSync(file())).toBe(false)
    await store.close()
    expect(onDisk()).toEqual({ n: 3, list: [1, 2, 3] })
    expect(existsSync(journal())).toBe(false)
  })

  test.each([JOURNAL, {}])(
    'every acknowledged commit is seen by another process with %o, one after another',
    async (options) => {
      await using store = new TxnStore<Doc>(file(), JOURNAL)
      const child = startChild(fixture('tell-what-is-read'), { args: [file(), JSON.stringify(options)] })
      await child.ready()
      for (let n = 1; n <= 12; n += 1) {
        await store.write({ n })
        if (n % 5 === 0) await store.checkpoint()
        child.send({ type: 'read' })
        expect(await child.waitFor('state')).toMatchObject({ data: { n } })
      }
    },
  )

  test('two processes with a journal count together and lose nothing', async () => {
    const children = [1, 2].map(() =>
      startChild(fixture('count-in-a-loop'), { args: [file(), '{"journal":true}', '{"commits":100}'] }),
    )
    await Promise.all(children.map((child) => child.ready()))
    for (const child of children) child.send({ type: 'go' })
    const results = await Promise.all(children.map((child) => child.waitFor('done')))
    expect(results.map(({ failures }) => failures)).toEqual([0, 0])
    await using store = new TxnStore<Doc>(file())
    expect(await store.read()).toEqual({ n: 200 })
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('holds what a killed process committed, for reading at once and for the next commit', async () => {
    await leaveInJournal(5)
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    const { n = 0 } = await store.read()
    expect([5, 6]).toContain(n)
    await store.write({ n: 100 })
    expect((await store.getTransactionHistory()).filter(({ success }) => success)).toHaveLength(n + 1)
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('a commit costs the same whatever the size of the document', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ large: Array.from({ length: 20_000 }, (_, n) => `row ${n}`) })
    await store.checkpoint()
    const before = statSync(journal()).size
    await store.transaction((txn) => {
      txn.data.n = 1
    })
    expect(statSync(journal()).size - before).toBeLessThan(1000)
  })

  test('is written into the file by itself when it has outgrown it', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    for (let n = 1; n <= 6; n += 1) await store.write({ n, large: [`${n}`.repeat(250_000)] })
    await expect.poll(() => existsSync(file())).toBe(true)
    expect(statSync(journal()).size).toBeLessThan(1_100_000)
    expect(await store.read()).toMatchObject({ n: 6 })
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('backups are made at checkpoints, of what the file was', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await writeNumbers(store, 1, 2)
    await store.checkpoint()
    await writeNumbers(store, 3, 4)
    expect(await store.listBackups()).toEqual([])
    await store.checkpoint()
    const backups = await store.listBackups()
    expect(await Promise.all(backups.map((path) => store.readBackup(path)))).toEqual([{ n: 2, list: [1, 2] }])
  })

  test('createBackup() keeps the newest commit, although it is in the journal only', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ n: 1 })
    const path = await store.backupManager.createBackup()
    expect(await store.readBackup(path ?? '')).toEqual({ n: 1 })
    expect(existsSync(file())).toBe(false)
  })

  test('restoreBackup() takes back what is in the journal, and can be undone', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ n: 1 })
    const path = await store.backupManager.createBackup()
    await store.write({ n: 2 })
    const { replaced } = await store.restoreBackup(path ?? '')
    expect(await store.read()).toEqual({ n: 1 })
    await store.restoreBackup(replaced ?? '')
    expect(await store.read()).toEqual({ n: 2 })
  })

  test('a transaction without a change appends nothing; a failed one only a note', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ n: 1 })
    const before = readFileSync(journal())
    await store.write({ n: 1 })
    expect(readFileSync(journal())).toEqual(before)
    await store.transaction(() => Promise.reject(new Error('no'))).catch(() => 0)
    expect(await store.read()).toEqual({ n: 1 })
    expect((await store.getTransactionHistory()).map(({ kind }) => kind)).toEqual(['rollback', 'commit'])
  })

  test('the history is one, across journal and checkpoints', async () => {
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await writeNumbers(store, 1, 2)
    await store.checkpoint()
    await writeNumbers(store, 3, 4)
    const history = await store.getTransactionHistory()
    expect(history.map(({ kind, seq }) => [kind, seq])).toEqual([
      ['commit', 4],
      ['commit', 3],
      ['checkpoint', 2],
      ['commit', 2],
      ['commit', 1],
    ])
    expect(await store.getTransactionHistory({ limit: 1 })).toEqual(history.slice(0, 1))
    expect((await store.verifyHistory()).problems).toEqual([])
  })
})

describe('switching', () => {
  test('from the file to a journal and back keeps everything, whatever way it was left', async () => {
    for (let round = 1; round <= 3; round += 1) {
      const plain = new TxnStore<Doc>(file())
      await writeNumbers(plain, round * 10 + 1, round * 10 + 2)
      await plain.close()
      const journalled = new TxnStore<Doc>(file(), JOURNAL)
      await writeNumbers(journalled, round * 10 + 3, round * 10 + 4)
      if (round !== 2) await journalled.close()
    }
    await using store = new TxnStore<Doc>(file())
    expect((await store.read()).list).toEqual([11, 12, 13, 14, 21, 22, 23, 24, 31, 32, 33, 34])
    await store.write({ n: 1 })
    expect(onDisk()).toEqual({ n: 1 })
    expect(existsSync(journal())).toBe(false)
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('a store without a journal reads what a killed one left in it, and writes it into the file with its first commit', async () => {
    await leaveInJournal(4)
    await using store = new TxnStore<Doc>(file())
    const { n = 0 } = await store.read()
    expect(n).toBeGreaterThanOrEqual(4)
    await store.transaction((txn) => {
      txn.data.held = true
    })
    expect(onDisk()).toEqual({ n, held: true })
    expect(existsSync(journal())).toBe(false)
  })

  test('stores of both kinds on one document at the same time lose nothing', async () => {
    await using plain = new TxnStore<Doc>(file())
    await using journalled = new TxnStore<Doc>(file(), JOURNAL)
    for (let n = 1; n <= 10; n += 1) await writeNumbers(n % 2 === 0 ? plain : journalled, n, n)
    for (const store of [plain, journalled]) {
      expect((await store.read()).list).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
      expect((await store.verifyHistory()).problems).toEqual([])
    }
  })
})

describe('damage', () => {
  test('a torn last line of the journal counts as absent, and is cut before the next commit', async () => {
    await leaveInJournal(3)
    await using whole = new TxnStore<Doc>(file())
    const { n = 0 } = await whole.read()
    const size = statSync(journal()).size
    const lastLine = readFileSync(journal(), 'utf8').trimEnd().split('\n').at(-1) ?? ''
    for (const cut of [1, 2, 20, lastLine.length]) {
      truncateSync(journal(), size - cut)
      // Without a journal of its own it does not write it into the document when it is closed.
      await using store = new TxnStore<Doc>(file())
      expect(await store.read()).toEqual({ n: n - 1 })
      truncateSync(journal(), size - lastLine.length - 1)
      writeFileSync(journal(), `${lastLine}\n`, { flag: 'a' })
    }
    truncateSync(journal(), size - 5)
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.transaction((txn) => {
      txn.data.held = true
    })
    await using other = new TxnStore<Doc>(file())
    expect(await other.read()).toEqual({ n: n - 1, held: true })
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('a changed line in the middle is an error that names the file and the place; nothing is committed on top', async () => {
    await leaveInJournal(4)
    const lines = readFileSync(journal(), 'utf8').split('\n')
    const bad = lines.with(2, (lines[2] ?? '').replace('count', 'cound').replace('commit', 'commot')).join('\n')
    writeFileSync(journal(), bad)
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    store.on('warning', () => undefined)
    const error = {
      code: 'ERR_STATE_READ',
      path: journal(),
      message: expect.stringMatching(/at byte \d+/),
      hint: expect.any(String),
    }
    await expect(store.read()).rejects.toMatchObject(error)
    await expect(store.transaction(() => 1)).rejects.toMatchObject(error)
    expect(readFileSync(journal(), 'utf8')).toBe(bad)
  })

  test('write() goes on from a damaged journal, and keeps it for whoever wants to look', async () => {
    await leaveInJournal(4)
    const lines = readFileSync(journal(), 'utf8').split('\n')
    const bad = lines.with(2, 'x').join('\n')
    writeFileSync(journal(), bad)
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await store.write({ n: 77 })
    expect(await store.read()).toEqual({ n: 77 })
    const aside = readdirSync(join(dir(), '.pipeline')).filter((name) => name.includes('.journal.corrupt-'))
    expect(aside.map((name) => readFileSync(join(dir(), '.pipeline', name), 'utf8'))).toEqual([bad])
  })

  test('a document that another program wrote while commits wait in the journal is an error with the way out', async () => {
    const base = new TxnStore<Doc>(file())
    await base.write({ n: 0 })
    await base.close()
    await leaveInJournal(2)
    const stranger = '{"n":-5}'
    writeFileSync(file(), stranger)
    await using store = new TxnStore<Doc>(file(), JOURNAL)
    await expect(store.read()).rejects.toMatchObject({
      code: 'ERR_STATE_READ',
      message: expect.stringContaining(journal()),
      hint: expect.stringContaining('journal'),
    })
    expect(readFileSync(file(), 'utf8')).toBe(stranger)
    await store.write({ n: 9 })
    expect(await store.read()).toEqual({ n: 9 })
  })
})
