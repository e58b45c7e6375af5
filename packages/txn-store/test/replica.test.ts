import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()
const source = (): string => `${dir()}/state.json`
const folder = (): string => `${dir()}/copy`
const copy = (): unknown => JSON.parse(readFileSync(`${folder()}/state.json`, 'utf8'))

interface Counter {
  n?: number
  secret?: string
}

describe('TxnStore with a replica', () => {
  test('has every commit in the copy once it is in step', async () => {
    mkdirSync(folder())
    const store = new TxnStore<Counter>(source(), { replica: { folder: folder() } })
    for (let n = 1; n <= 10; n += 1)
      await store.transaction((txn) => {
        txn.data.n = n
      })
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    expect(copy()).toEqual({ n: 10 })
    expect(store.replicaStatus).toMatchObject({ pendingCommits: 0, lagMs: 0, error: undefined })
    await store.close()
  })

  test('gives the copy a history and backups of its own, in order', async () => {
    mkdirSync(folder())
    const store = new TxnStore<Counter>(source(), { replica: { folder: folder() } })
    for (let n = 1; n <= 3; n += 1) {
      await store.transaction((txn) => {
        txn.data.n = n
      })
      await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    }
    await store.close()
    await using replica = new TxnStore<Counter>(`${folder()}/state.json`)
    const history = await replica.getTransactionHistory()
    expect(history.map(({ operation, patch }) => [operation, patch?.[0]])).toEqual(
      [3, 2, 1].map((n) => ['replicate_commit', { op: n === 1 ? 'add' : 'replace', path: '/n', value: n }]),
    )
    expect((await replica.verifyHistory()).problems).toEqual([])
  })

  test('fails no commit while the folder is missing, tells so once, never makes it, and catches up', async () => {
    const store = new TxnStore<Counter>(source(), { replica: { folder: folder(), retryMs: 20 } })
    const warnings: unknown[] = []
    store.on('warning', ({ error }) => warnings.push(error))
    for (let n = 1; n <= 3; n += 1)
      await store.transaction((txn) => {
        txn.data.n = n
      })
    await expect.poll(() => store.replicaStatus?.state).toBe('failing')
    expect(store.replicaStatus?.pendingCommits).toBe(3)
    expect(store.replicaStatus?.error).toContain(folder())
    expect(existsSync(folder())).toBe(false)
    mkdirSync(folder())
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    expect(copy()).toEqual({ n: 3 })
    expect(warnings).toHaveLength(1)
    await store.close()
  })

  test('copies what was missed when a store is opened again', async () => {
    const first = new TxnStore<Counter>(source(), { replica: { folder: folder(), closeTimeoutMs: 0 } })
    first.on('warning', () => undefined)
    await first.transaction((txn) => {
      txn.data.n = 1
    })
    await first.close()
    mkdirSync(folder())
    await using second = new TxnStore<Counter>(source(), { replica: { folder: folder() } })
    expect(await second.read()).toEqual({ n: 1 })
    await expect.poll(() => second.replicaStatus?.syncedAt).toBeTypeOf('number')
    expect(copy()).toEqual({ n: 1 })
  })

  test('makes a damaged or lost copy anew', async () => {
    mkdirSync(folder())
    await using store = new TxnStore<Counter>(source(), { replica: { folder: folder(), retryMs: 20 } })
    store.on('warning', () => undefined)
    await store.transaction((txn) => {
      txn.data.n = 1
    })
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    rmSync(folder(), { recursive: true })
    await store.transaction((txn) => {
      txn.data.n = 2
    })
    await expect.poll(() => store.replicaStatus?.state).toBe('failing')
    mkdirSync(folder())
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    expect(copy()).toEqual({ n: 2 })
  })

  test('encrypts the copy as the document', async () => {
    mkdirSync(folder())
    const encryption = { key: 'ab'.repeat(32) }
    const store = new TxnStore<Counter>(source(), { encryption, replica: { folder: folder() } })
    await store.transaction((txn) => {
      txn.data.secret = 'salt roads'
    })
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    await store.close()
    expect(readFileSync(`${folder()}/state.json`, 'utf8')).not.toContain('salt')
    await using replica = new TxnStore<Counter>(`${folder()}/state.json`, { encryption })
    expect(await replica.read()).toEqual({ secret: 'salt roads' })
  })

  test('never shares the folder of its history with the document', async () => {
    mkdirSync(folder())
    const shared = { folder: '../elsewhere', replica: { folder: folder() } }
    expect(() => new TxnStore<Counter>(join(dir(), 'here', 'state.json'), shared)).toThrow(RangeError)
    const elsewhere = join(dir(), 'elsewhere')
    await using store = new TxnStore<Counter>(source(), { folder: elsewhere, replica: { folder: folder() } })
    await store.write({ n: 1 })
    await expect.poll(() => store.replicaStatus?.state).toBe('in step')
    expect(readdirSync(elsewhere)).toEqual(['state.json.transactions.log'])
    expect(existsSync(join(folder(), '.pipeline/state.json.transactions.log'))).toBe(true)
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('refuses to be its own replica', () => {
    expect(() => new TxnStore(source(), { replica: { folder: dir() } })).toThrow(RangeError)
  })
})
