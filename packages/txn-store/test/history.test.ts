import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { formatLine } from '../src/file/audit-record.js'
import { TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'pipeline.json')
const log = (): string => join(dir(), '.pipeline/transactions.log')
const lines = (): string[] => readFileSync(log(), 'utf8').trimEnd().split('\n')
const START = Date.UTC(2026, 2, 1, 8)

interface Doc {
  n?: number
  list?: number[]
  text?: string
  a?: { b: number }
}

async function writeNumbers(store: TxnStore<Doc>, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n += 1) await store.write({ n }, { operation: `step ${n}` })
}

describe('getTransactionHistory()', () => {
  test('of a document without one is empty, and makes nothing', async () => {
    await using store = new TxnStore<Doc>(file())
    expect(await store.getTransactionHistory()).toEqual([])
    expect(existsSync(join(dir(), '.pipeline'))).toBe(false)
  })

  test.each([
    { limit: undefined, first: 60, count: 50 },
    { limit: 3, first: 60, count: 3 },
    { limit: 1000, first: 60, count: 60 },
    { limit: 0, first: undefined, count: 0 },
    { limit: -1, first: undefined, count: 0 },
  ])('with limit $limit gives $count of sixty, newest first', async ({ limit, first, count }) => {
    await using store = new TxnStore<Doc>(file())
    await Promise.all(Array.from({ length: 60 }, (_, n) => store.write({ n: n + 1 }, { operation: `step ${n + 1}` })))
    const history = await store.getTransactionHistory(limit === undefined ? {} : { limit })
    expect(history).toHaveLength(count)
    expect(history[0]?.operation).toBe(first === undefined ? undefined : `step ${first}_commit`)
    const numbers = history.map(({ seq }) => seq ?? 0)
    expect(numbers).toEqual(numbers.toSorted((a, b) => b - a))
  })

  test('tells who, when, what, how long and which places', async () => {
    let now = START
    await using store = new TxnStore<Doc>(
      file(),
      { label: 'phase runner' },
      { now: () => now, pid: 4711, host: 'mill' },
    )
    await store.write({ n: 1, a: { b: 1 } })
    now += 90_000
    await store.transaction(
      async (txn) => {
        txn.data.n = 2
        delete txn.data.a
        txn.data.list = [1]
      },
      { operation: 'phase3' },
    )
    const [newest, first] = await store.getTransactionHistory()
    expect(newest).toMatchObject({
      timestamp: '2026-03-01T08:01:30.000Z',
      operation: 'phase3_commit',
      kind: 'commit',
      success: true,
      pid: 4711,
      host: 'mill',
      label: 'phase runner',
      seq: 2,
      durationMs: expect.any(Number),
      details: {},
      before: first?.sha256,
      backup: expect.stringMatching(/^pipeline_20260301_080130_/),
    })
    expect(newest?.changed?.toSorted()).toEqual(['/a', '/list', '/n'])
    expect(newest?.patch).toEqual(
      expect.arrayContaining([
        { op: 'replace', path: '/n', value: 2 },
        { op: 'remove', path: '/a' },
        { op: 'add', path: '/list', value: [1] },
      ]),
    )
    expect(newest?.token).toBeGreaterThan(0)
  })

  test('maxPatchBytes limits what is told whole; places are told all the same', async () => {
    await using store = new TxnStore<Doc>(file(), { maxPatchBytes: 60 })
    await store.write({ text: 'x'.repeat(10) })
    await store.write({ text: 'x'.repeat(100) })
    const [large, small] = await store.getTransactionHistory()
    expect(small).toMatchObject({ changed: ['/text'], patch: [{ op: 'add', path: '/text' }] })
    expect(large).toMatchObject({ changed: ['/text'] })
    expect(large).not.toHaveProperty('patch')
    expect(statSync(log()).size).toBeLessThan(1200)
  })

  test('a change in very many places stays a short record', async () => {
    await using store = new TxnStore<Record<string, number>>(file())
    await store.write(Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`key${n}`, n])))
    const [record] = await store.getTransactionHistory()
    expect(record?.changed?.length).toBeLessThanOrEqual(20)
    expect(statSync(log()).size).toBeLessThan(2000)
  })

  test('lists exactly the committed ones, with failures as failures', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    await store.write({ n: 3 }, { validate: false, operation: 'bad', signal: AbortSignal.timeout(60_000) })
    await store.transaction(() => Promise.reject(new Error('x'.repeat(2000))), { operation: 'phase4' }).catch(() => 0)
    const history = await store.getTransactionHistory()
    expect(history.map(({ operation, success }) => [operation, success])).toEqual([
      ['phase4_rollback', false],
      ['bad_commit', true],
      ['step 2_commit', true],
      ['step 1_commit', true],
    ])
    expect(String(history[0]?.details['error']).length).toBeLessThanOrEqual(500)
  })

  test('names what another program did to the document', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 1)
    writeFileSync(file(), '{"n":50}')
    await writeNumbers(store, 2, 2)
    rmSync(file())
    await writeNumbers(store, 3, 3)
    expect((await store.getTransactionHistory()).map(({ kind, seq }) => [kind, seq])).toEqual([
      ['commit', 5],
      ['external', 4],
      ['commit', 3],
      ['external', 2],
      ['commit', 1],
    ])
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('takes the lines of the Python original as they are, goes on after them, and leaves them alone', async () => {
    const old = new TxnStore<Doc>(file())
    await old.write({ n: 1 })
    await old.close()
    const line =
      '{"timestamp": "2025-11-10T20:00:00.1", "operation": "phase4_commit", "success": true, "pid": 9, "details": {"a": 1}}'
    writeFileSync(log(), `${line}\nnot a record\n\n[1]\n`)
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 2 })
    expect(await store.getTransactionHistory()).toMatchObject([
      { operation: 'write_commit', kind: 'commit', seq: 1 },
      { kind: 'damaged', success: false },
      { kind: 'damaged', success: false },
      { operation: 'phase4_commit', kind: 'foreign', success: true, pid: 9, details: { a: 1 } },
    ])
    expect(lines()[0]).toBe(line)
    expect((await store.verifyHistory()).foreign).toBe(1)
  })

  test('of a damaged document is there all the same', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    writeFileSync(file(), '{')
    expect((await store.getTransactionHistory()).map(({ seq }) => seq)).toEqual([2, 1])
  })

  test('leaves out a last line that is torn, and one that is longer than a block is whole', async () => {
    await using store = new TxnStore<Doc>(file(), { maxPatchBytes: 100_000 })
    await store.write({ text: 'ä'.repeat(20_000) })
    await store.write({ text: 'b' })
    const whole = await store.getTransactionHistory()
    expect(whole[1]?.patch).toEqual([{ op: 'add', path: '/text', value: 'ä'.repeat(20_000) }])
    writeFileSync(log(), '{"timestamp":"2026', { flag: 'a' })
    expect(await store.getTransactionHistory()).toEqual(whole)
  })

  test('twenty of a hundred thousand records are read from the end: less than 64 KB', async () => {
    const seed = new TxnStore<Doc>(file())
    await seed.write({ n: 1 })
    await seed.close()
    growLog(100_000)
    expect(statSync(log()).size).toBeGreaterThan(30_000_000)
    const child = startChild(new URL('fixtures/read-history.mjs', import.meta.url), { args: [file(), '20'] })
    const { bytes, count, newest, oldest } = await child.waitFor('read')
    expect({ count, newest, oldest }).toMatchObject({
      count: 20,
      newest: { seq: 100_001, operation: 'tick_commit' },
      oldest: { seq: 99_982 },
    })
    expect(bytes).toBeLessThan(65_536)
  })
})

/** Adds records in their valid form, as if that many commits had come back to the same document. */
function growLog(count: number): void {
  const [last = ''] = lines().slice(-1)
  const { hash, prev: _, ...fields } = JSON.parse(last)
  const descriptor = openSync(log(), 'a')
  let before: string = hash
  let text = ''
  for (let index = 1; index <= count; index += 1) {
    const record = { ...fields, operation: 'tick_commit', seq: fields.seq + index, before: fields.sha256 }
    const line = formatLine(record, before)
    before = line.hash
    text += `${line.text}\n`
    if (text.length > 1_000_000 || index === count) {
      writeSync(descriptor, text)
      text = ''
    }
  }
  closeSync(descriptor)
}

describe('verifyHistory()', () => {
  test('finds nothing wrong with a history of commits, failures, restores and outside changes', async () => {
    await using store = new TxnStore<Doc>(file())
    expect(await store.verifyHistory()).toEqual({ records: 0, foreign: 0, problems: [] })
    await writeNumbers(store, 1, 3)
    await store.transaction(() => Promise.reject(new Error('no'))).catch(() => 0)
    await store.restoreBackup((await store.listBackups())[0] ?? '')
    expect(await store.verifyHistory()).toEqual({ records: 5, foreign: 0, problems: [] })
  })

  test.each<{ name: string; spoil: (all: string[]) => string[]; line: number; message: RegExp }>([
    {
      name: 'an edited record',
      spoil: (all) => all.with(1, (all[1] ?? '').replace('step 2', 'step 9')),
      line: 2,
      message: /edited/,
    },
    {
      name: 'an edited first record',
      spoil: (all) => all.with(0, (all[0] ?? '').replace('step 1', 'step 9')),
      line: 1,
      message: /edited/,
    },
    {
      name: 'an edited last record',
      spoil: (all) => all.with(-1, (all.at(-1) ?? '').replace('step 5', 'step 9')),
      line: 5,
      message: /edited/,
    },
    {
      name: 'an edited record with a new hash',
      spoil: (all) => {
        const { prev, hash: _, ...fields } = JSON.parse(all[1] ?? '')
        return all.with(1, formatLine({ ...fields, operation: 'nothing' }, prev).text)
      },
      line: 3,
      message: /missing|put in between/,
    },
    { name: 'a removed record', spoil: (all) => all.toSpliced(2, 1), line: 3, message: /missing/ },
    { name: 'the first record removed', spoil: (all) => all.slice(1), line: 1, message: /beginning/ },
    {
      name: 'an added record',
      spoil: (all) => all.toSpliced(2, 0, formatLine(JSON.parse('{"operation":"x"}'), 'abc').text),
      line: 3,
      message: /put in between/,
    },
    {
      name: 'a repeated record',
      spoil: (all) => all.toSpliced(2, 0, all[1] ?? ''),
      line: 3,
      message: /put in between/,
    },
    {
      name: 'two records that changed places',
      spoil: (all) => all.with(1, all[2] ?? '').with(2, all[1] ?? ''),
      line: 2,
      message: /missing|put in between/,
    },
    {
      name: 'a record that cannot be read',
      spoil: (all) => all.with(2, '{"times'),
      line: 3,
      message: /cannot be read/,
    },
  ])('finds $name', async ({ spoil, line, message }) => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 5)
    writeFileSync(log(), `${spoil(lines()).join('\n')}\n`)
    const { problems } = await store.verifyHistory()
    expect(problems[0]).toEqual({ file: log(), line, message: expect.stringMatching(message) })
  })

  test('finds that the newest records were removed, by the document', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 5)
    writeFileSync(log(), `${lines().slice(0, 2).join('\n')}\n`)
    const { problems } = await store.verifyHistory()
    expect(problems).toEqual([{ file: log(), message: expect.stringContaining(file()) }])
  })

  test('finds a document that was changed by another program', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 3)
    writeFileSync(file(), '{"n":3}')
    expect((await store.verifyHistory()).problems).toHaveLength(1)
  })

  test('throws for a document that cannot be read', async () => {
    await using store = new TxnStore<Doc>(file())
    await writeNumbers(store, 1, 2)
    writeFileSync(file(), '{')
    await expect(store.verifyHistory()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
  })
})
