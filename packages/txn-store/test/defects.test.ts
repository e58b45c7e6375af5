/** The defects of the store that this one replaces, each with the proof that it cannot happen here. */
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Commit, type DocumentStorage, type JsonObject, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (name = 'pipeline.json'): string => join(dir(), name)
const parsed = (path = file()): unknown => JSON.parse(readFileSync(path, 'utf8'))
const fixture = (name: string): URL => new URL(`fixtures/${name}.mjs`, import.meta.url)

interface Counter {
  n?: number
  held?: boolean
  padding?: string
}

async function commitNumbers(store: TxnStore<Counter>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1)
    await store.transaction((txn) => {
      txn.data.n = n
    })
}

describe('defects that cannot happen here', () => {
  test('1 starvation: transaction() in four processes without pauses gives each its share, and none times out', async () => {
    const children = [1, 2, 3, 4].map(() =>
      startChild(fixture('count-in-a-loop'), { args: [file(), '{}', '{"durationMs":1500}'] }),
    )
    await Promise.all(children.map((child) => child.ready()))
    for (const child of children) child.send({ type: 'go' })
    const results = await Promise.all(children.map((child) => child.waitFor('done')))
    const commits = results.map((result) => Number(result['commits']))
    const total = commits.reduce((sum, count) => sum + count, 0)
    expect(results.map(({ failures }) => failures)).toEqual([0, 0, 0, 0])
    expect(parsed()).toEqual({ n: total })
    expect(Math.min(...commits) / total).toBeGreaterThan(0.1)
  })

  test('2 restore that is not atomic: restoreBackup() on a full disk leaves the document as it was', async (context) => {
    const disk = mountTinyFileSystem(256 * 1024)
    if (disk === undefined) return context.skip('mounting needs root')
    const path = join(disk, 'pipeline.json')
    await using store = new TxnStore<Counter>(path)
    await store.write({ n: 1, padding: 'x'.repeat(60_000) })
    await store.write({ n: 2 })
    const [backup = ''] = await store.listBackups()
    const before = readFileSync(path)
    const filler = fillDisk(disk, 20_000)
    await expect(store.restoreBackup(backup)).rejects.toMatchObject({ code: 'ERR_STATE_WRITE' })
    expect(readFileSync(path)).toEqual(before)
    rmSync(filler)
    await store.restoreBackup(backup)
    expect(await store.read()).toMatchObject({ n: 1 })
  })

  test('2 restore of damage: restoreBackup() refuses a backup that is cut, and changes nothing', async () => {
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 2)
    const [backup = ''] = await store.listBackups()
    rmSync(backup)
    writeFileSync(backup, '{"n":')
    const before = readFileSync(file())
    await expect(store.restoreBackup(backup)).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
    expect(readFileSync(file())).toEqual(before)
    expect(await store.getTransactionHistory()).toHaveLength(2)
  })

  test('3 damage for ever: write() replaces a document that cannot be read, and keeps the damaged one', async () => {
    writeFileSync(file(), '{"n": 1')
    await using store = new TxnStore<Counter>(file())
    await store.write({ n: 2 })
    expect(parsed()).toEqual({ n: 2 })
    const aside = readdirSync(dir()).filter((name) => name.startsWith('pipeline.json.corrupt-'))
    expect(aside.map((name) => readFileSync(file(name), 'utf8'))).toEqual(['{"n": 1'])
  })

  test('4 deleted lock file: a transaction whose lock was taken over is refused instead of undoing the other', async () => {
    await using store = new TxnStore<Counter>(file())
    await store.write({ n: 1 })
    const child = startChild(fixture('hold-transaction'), { args: [file()] })
    await child.ready()
    rmSync(`${file()}.lock`)
    await commitNumbers(store, 2, 2)
    child.send({ type: 'end', how: 'commit' })
    expect(await child.waitFor('ended')).toMatchObject({ code: 'ERR_STALE_TOKEN' })
    expect(parsed()).toEqual({ n: 2 })
  })

  test('5 order by mtime: listBackups() and rotation go by the names, also after an old state was restored', async () => {
    await using store = new TxnStore<Counter>(file(), { maxBackups: 4 })
    await commitNumbers(store, 1, 3)
    const [, oldest = ''] = await store.listBackups()
    await store.restoreBackup(oldest)
    await commitNumbers(store, 10, 10)
    const all = await store.listBackups()
    all.forEach((path, index) => {
      utimesSync(path, index, index)
    })
    expect(await store.listBackups()).toEqual(all)
    expect(all).toEqual(all.toSorted().reverse())
    expect(all.map((path) => (parsed(path) as Counter).n)).toEqual([1, 3, 2, 1])
    await commitNumbers(store, 11, 11)
    expect((await store.listBackups()).map((path) => (parsed(path) as Counter).n)).toEqual([10, 1, 3, 2])
  })

  test('6 prefix collision: rotation and listBackups() leave the backups of pipeline_magi.json alone', async () => {
    await using magi = new TxnStore<Counter>(file('pipeline_magi.json'))
    await using store = new TxnStore<Counter>(file(), { maxBackups: 1 })
    await commitNumbers(magi, 1, 4)
    await commitNumbers(store, 1, 4)
    expect((await magi.listBackups()).map((path) => (parsed(path) as Counter).n)).toEqual([3, 2, 1])
    expect((await store.listBackups()).map((path) => (parsed(path) as Counter).n)).toEqual([3])
    expect((await store.getTransactionHistory()).length).toBe(4)
  })

  test('6 brackets in the name: backups of a[1].json are listed and rotated', async () => {
    await using store = new TxnStore<Counter>(file('a[1].json'), { maxBackups: 2 })
    await commitNumbers(store, 1, 5)
    expect((await store.listBackups()).map((path) => (parsed(path) as Counter).n)).toEqual([4, 3])
    expect(readdirSync(join(dir(), '.pipeline/backups'))).toHaveLength(2)
  })

  test('7 newest content without a backup: restoreBackup() of the newest backup can be undone', async () => {
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 3)
    const [newest = ''] = await store.listBackups()
    const { replaced = '' } = await store.restoreBackup(newest)
    expect(await store.read()).toEqual({ n: 2 })
    await store.restoreBackup(replaced)
    expect(await store.read()).toEqual({ n: 3 })
  })

  test.each([
    { name: 'a top-level object with phase names in it', data: { note: { phase1: { status: 'done' } } } },
    {
      name: 'an object in a phase that looks like a file',
      data: { phase1: { extra: { status: 'ok', artifacts: {} } } },
    },
    { name: 'a copy outside of files', data: { phase1: { book: { hash: 'old' }, files: { book: { hash: 'new' } } } } },
    { name: 'a status of its own kind', data: { phase2: { status: 'waiting for the printer' } } },
    { name: 'chunks by number', data: { phase4: { chunk_0001: 1, chunk_0002: 2 } } },
    { name: 'batch', data: { batch: { id: 7 } } },
  ])('8 rewritten data: write() and transaction() keep $name as it is', async ({ data }) => {
    await using store = new TxnStore<JsonObject>(file())
    await store.write(data, { validate: false })
    await store.transaction((txn) => {
      txn.data['touched'] = true
    })
    expect(parsed()).toEqual({ ...data, touched: true })
  })

  test('9 nested transaction: an error at once, although others would wait', async () => {
    await using store = new TxnStore<Counter>(file(), { lockTimeoutMs: 60_000 })
    const nested = store.transaction(() => store.transaction(() => 1))
    await expect(nested).rejects.toMatchObject({ name: 'StateTransactionError', code: 'ERR_STATE_TRANSACTION' })
  }, 5000)

  test('10 file mode: a commit keeps mode 600 for the document, and gives it to backups and history', async () => {
    writeFileSync(file(), '{"n":0}')
    chmodSync(file(), 0o600)
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 2)
    const [backup = ''] = await store.listBackups()
    const log = join(dir(), '.pipeline/transactions.log')
    expect([file(), backup, log].map((path) => statSync(path).mode & 0o777)).toEqual([0o600, 0o600, 0o600])
  })

  test('10 links: a symbolic link stays one, and another hard link keeps the state that it was made of', async () => {
    mkdirSync(join(dir(), 'real'))
    writeFileSync(join(dir(), 'real/pipeline.json'), '{"n":0}')
    symlinkSync('real/pipeline.json', file())
    linkSync(join(dir(), 'real/pipeline.json'), file('other'))
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 1)
    expect(parsed(join(dir(), 'real/pipeline.json'))).toEqual({ n: 1 })
    expect(parsed()).toEqual({ n: 1 })
    expect(readFileSync(file('other'), 'utf8')).toBe('{"n":0}')
    expect(existsSync(join(dir(), 'real/pipeline.json.lock'))).toBe(true)
  })

  test.each([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a lone surrogate', 'a\ud800'],
    ['a Date', new Date(0)],
    ['a bigint', 1n],
  ])('11 late failure: %s is refused before anything is made, also without a schema', async (_, value) => {
    await using store = new TxnStore<Record<string, unknown>>(file())
    await store.write({ n: 1 })
    const refused = store.write({ deep: [value] }, { validate: false })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION', issues: [{ path: '/deep/0' }] })
    expect(await store.listBackups()).toEqual([])
    expect(parsed()).toEqual({ n: 1 })
  })

  test('12 strictness by chance: a schema that cannot be run fails the transaction instead of being left out', async () => {
    const broken = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (): never => {
          throw new Error('the validator is not installed')
        },
      },
    }
    await using store = new TxnStore(file(), { schema: broken })
    await expect(store.write({ n: 1 })).rejects.toThrow('the validator is not installed')
    expect(existsSync(file())).toBe(false)
  })

  test('13 comparison of the whole document: a transaction looks only at what it touches', async () => {
    let looks = 0
    const watched: JsonObject = new Proxy(
      { a: { b: 1 } },
      {
        get(target, key, receiver): unknown {
          looks += 1
          return Reflect.get(target, key, receiver)
        },
        ownKeys(target): (string | symbol)[] {
          looks += 1
          return Reflect.ownKeys(target)
        },
      },
    )
    const storage = new MemoryStorage({ n: 0, large: watched })
    const store = new TxnStore<JsonObject>('memory', { storage })
    await store.transaction((txn) => {
      txn.data['n'] = 1
    })
    expect(storage.commits.map(({ entries }) => entries[0]?.patch)).toEqual([[{ op: 'replace', path: '/n', value: 1 }]])
    expect(storage.commits[0]?.data['large']).toBe(watched)
    expect(looks).toBe(0)
  })

  test('14 swallowed timeout: a transaction without the lock rejects, and its callback never ran', async () => {
    const child = startChild(fixture('hold-transaction'), { args: [file()] })
    await child.ready()
    await using store = new TxnStore<Counter>(file(), { lockTimeoutMs: 50 })
    let ran = false
    const waiting = store.transaction(() => {
      ran = true
    })
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_STATE_LOCK',
      message: expect.stringContaining(String(child.pid)),
    })
    expect(ran).toBe(false)
  })

  test('15 full copies: a backup is the replaced file itself, and nothing is kept of a transaction without a change', async () => {
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 1)
    const { ino } = statSync(file())
    await commitNumbers(store, 2, 2)
    const [backup = ''] = await store.listBackups()
    expect(statSync(backup).ino).toBe(ino)
    expect(statSync(backup).nlink).toBe(1)
    await commitNumbers(store, 2, 2)
    expect(await store.listBackups()).toEqual([backup])
    expect(await store.getTransactionHistory()).toHaveLength(2)
  })
})

describe('what else went wrong there', () => {
  test('a read adds nothing to the history', async () => {
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 1)
    const before = readFileSync(join(dir(), '.pipeline/transactions.log'))
    await store.read()
    expect(readFileSync(join(dir(), '.pipeline/transactions.log'))).toEqual(before)
  })

  test('a line that was torn costs nobody but itself', async () => {
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 1)
    writeFileSync(join(dir(), '.pipeline/transactions.log'), '{"timestamp":"20', { flag: 'a' })
    await commitNumbers(store, 2, 2)
    expect((await store.getTransactionHistory()).map(({ kind, seq }) => [kind, seq])).toEqual([
      ['commit', 2],
      ['commit', 1],
    ])
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('the constructor touches no disk, and a folder that cannot be written is a StateError', async () => {
    const folder = join(dir(), 'none')
    writeFileSync(folder, 'a file, where the folder should be')
    const store = new TxnStore<Counter>(join(folder, 'pipeline.json'))
    expect(readdirSync(dir())).toEqual(['none'])
    await expect(store.write({ n: 1 })).rejects.toMatchObject({
      name: expect.stringMatching(/^State/),
      path: store.path,
    })
    await expect(store.read()).rejects.toMatchObject({ code: 'ERR_STATE_READ', path: store.path })
  })

  test('a link in a circle is a StateReadError', () => {
    symlinkSync('pipeline.json', file())
    expect(() => new TxnStore<Counter>(file())).toThrow(expect.objectContaining({ code: 'ERR_STATE_READ' }))
  })

  test('a link to a document that is not there yet is followed, not replaced', async () => {
    mkdirSync(join(dir(), 'real'))
    symlinkSync('real/state.json', file())
    await using store = new TxnStore<Counter>(file())
    await commitNumbers(store, 1, 1)
    expect(parsed(join(dir(), 'real/state.json'))).toEqual({ n: 1 })
    expect(existsSync(join(dir(), '.pipeline'))).toBe(false)
  })

  test('a document whose type is wrong is refused by the schema, with or without data that was there before', async () => {
    await using store = new TxnStore(file(), { schema: z.object({ n: z.number() }) })
    await expect(store.write(JSON.parse('{"n":"1"}'))).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION' })
    await expect(store.write(JSON.parse('[]'), { validate: false })).rejects.toMatchObject({
      issues: [{ path: '', message: 'the document must be an object' }],
    })
  })

  test('SIGINT in a transaction leaves no temporary file and frees the lock', async () => {
    const child = startChild(fixture('hold-transaction'), { args: [file()] })
    await child.ready()
    child.kill('SIGINT')
    expect(await child.exited).toMatchObject({ signal: 'SIGINT' })
    await using store = new TxnStore<Counter>(file(), { lockTimeoutMs: 1000 })
    await commitNumbers(store, 1, 1)
    expect(readdirSync(dir()).filter((name) => name.includes('tmp'))).toEqual([])
  })
})

/** Keeps the document in memory and remembers what it was given. */
class MemoryStorage implements DocumentStorage {
  readonly path = 'memory'
  readonly commits: Commit[] = []
  #data: JsonObject

  constructor(data: JsonObject) {
    this.#data = data
  }

  async read(): Promise<{ data: JsonObject; exists: boolean }> {
    return { data: this.#data, exists: true }
  }

  async acquire(): ReturnType<DocumentStorage['acquire']> {
    return {
      token: 1,
      read: () => this.read(),
      commit: async (commit) => {
        this.commits.push(commit)
        this.#data = commit.data
        return { seq: this.commits.length }
      },
      note: async () => undefined,
      release: async () => undefined,
    }
  }

  async history(): Promise<never[]> {
    return []
  }

  async close(): Promise<void> {}
}
