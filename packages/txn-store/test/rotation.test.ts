import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (name = 'pipeline.json'): string => join(dir(), name)
const folder = (): string => join(dir(), '.pipeline')
const logs = (name = 'transactions.log'): string[] =>
  readdirSync(folder())
    .filter((found) => found.startsWith(name))
    .sort()

interface Doc {
  n?: number
}

async function writeNumbers(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.write({ n })
}

describe.each([{ journal: false }, { journal: true }])('rotation of the history, journal $journal', ({ journal }) => {
  const options = { maxLogBytes: 3000, keepLogFiles: 100, journal }

  /** With a journal, records come into the log at a checkpoint. */
  async function writeAll(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
    for (let n = from; n <= to; n += 1) {
      await store.write({ n })
      if (n % 5 === 0) await store.checkpoint()
    }
  }

  test('goes on in a new file beyond maxLogBytes, and nothing of it is lost or told twice', async () => {
    await using store = new TxnStore<Doc>(file(), options)
    await writeAll(store, 1, 60)
    expect(logs().length).toBeGreaterThan(3)
    for (const name of logs()) expect(statSync(join(folder(), name)).size).toBeLessThan(3000 + 6 * 700)
    const commits = (await store.getTransactionHistory({ limit: 1000 })).filter(({ kind }) => kind === 'commit')
    expect(commits.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, n) => 60 - n))
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('a store that is opened later goes on where the last one ended', async () => {
    for (let round = 0; round < 4; round += 1) {
      await using store = new TxnStore<Doc>(file(), options)
      await writeAll(store, round * 10 + 1, round * 10 + 10)
    }
    await using store = new TxnStore<Doc>(file(), options)
    const commits = (await store.getTransactionHistory({ limit: 1000 })).filter(({ kind }) => kind === 'commit')
    expect(commits.map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, n) => 40 - n))
    expect((await store.verifyHistory()).problems).toEqual([])
  })
})

describe('rotation of the history', () => {
  test('keeps keepLogFiles older files, the newest of them, and still verifies', async () => {
    await using store = new TxnStore<Doc>(file(), { maxLogBytes: 1500, keepLogFiles: 2 })
    await writeNumbers(store, 1, 40)
    expect(logs()).toHaveLength(3)
    const history = await store.getTransactionHistory({ limit: 1000 })
    const commits = history.filter(({ kind }) => kind === 'commit').map(({ seq }) => seq)
    expect(commits.length).toBeGreaterThan(4)
    expect(commits).toEqual(commits.map((_, index) => 40 - index))
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('with keepLogFiles 0 keeps the newest records only', async () => {
    await using store = new TxnStore<Doc>(file(), { maxLogBytes: 1500, keepLogFiles: 0 })
    await writeNumbers(store, 1, 20)
    expect(logs()).toEqual(['transactions.log'])
    expect((await store.verifyHistory()).problems).toEqual([])
    expect(await store.read()).toEqual({ n: 20 })
  })

  test('of two documents in one folder concerns each alone', async () => {
    const options = { maxLogBytes: 1500, keepLogFiles: 1 }
    await using one = new TxnStore<Doc>(file('a.json'), options)
    await using other = new TxnStore<Doc>(file('b.json'), options)
    await writeNumbers(one, 1, 20)
    await writeNumbers(other, 1, 2)
    expect(logs('a.json.transactions.log')).toHaveLength(2)
    expect(logs('b.json.transactions.log')).toHaveLength(1)
    expect(await other.getTransactionHistory()).toHaveLength(2)
  })

  test('two stores of one document go on together across it', async () => {
    const options = { maxLogBytes: 1500, keepLogFiles: 100 }
    await using one = new TxnStore<Doc>(file(), options)
    await using other = new TxnStore<Doc>(file(), options)
    for (let n = 1; n <= 30; n += 2) {
      await one.write({ n })
      await other.write({ n: n + 1 })
    }
    const commits = (await one.getTransactionHistory({ limit: 1000 })).filter(({ kind }) => kind === 'commit')
    expect(commits.map(({ seq }) => seq)).toEqual(Array.from({ length: 30 }, (_, n) => 30 - n))
    expect((await other.verifyHistory()).problems).toEqual([])
  })

  test('an edited or removed file that was rotated out is found', async () => {
    await using store = new TxnStore<Doc>(file(), { maxLogBytes: 1500 })
    await writeNumbers(store, 1, 30)
    const [, , second = '', third = ''] = logs()
    const path = join(folder(), second)
    const text = readFileSync(path, 'utf8')
    writeFileSync(path, text.replace('write_commit', 'nothing_much'))
    expect((await store.verifyHistory()).problems).toMatchObject([
      { file: path, message: expect.stringMatching(/edited/) },
    ])
    rmSync(path)
    expect((await store.verifyHistory()).problems).toMatchObject([
      { file: join(folder(), third), line: 1, message: expect.stringMatching(/missing/) },
    ])
  })

  test('does not count what only looks like a file of it', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    writeFileSync(join(folder(), 'transactions.log.old'), 'x\n')
    writeFileSync(join(folder(), 'transactions.log.1.gz'), 'x\n')
    expect(await store.getTransactionHistory()).toHaveLength(2)
    expect((await store.verifyHistory()).problems).toEqual([])
  })
})
