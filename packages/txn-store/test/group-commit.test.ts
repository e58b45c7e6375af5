import { readFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type StoreDeps, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const journal = (): string => join(dir(), '.pipeline/state.json.journal')
const onDisk = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))

interface Doc {
  n?: number
  list?: number[]
}

/** The file system of Node, in which renames are counted, and fail while they are told to. */
function countingFs(): { deps: StoreDeps; renames: () => number; failWith: (code: string | undefined) => void } {
  let renames = 0
  let failure: string | undefined
  const rename: typeof nodeFs.rename = async (from, to) => {
    if (failure !== undefined) throw Object.assign(new Error(`${failure}: rename`), { code: failure })
    renames += 1
    await nodeFs.rename(from, to)
  }
  return {
    deps: { fs: { ...nodeFs, rename } },
    renames: () => renames,
    failWith: (code) => {
      failure = code
    },
  }
}

describe('transactions at the same time', () => {
  test('become durable together, each told its own value', async () => {
    const { deps, renames } = countingFs()
    await using store = new TxnStore<Doc>(file(), {}, deps)
    await store.write({ n: 0 })
    const before = renames()
    const values = await Promise.all(
      Array.from({ length: 64 }, () =>
        store.transaction((txn) => {
          txn.data.n = (txn.data.n ?? 0) + 1
          return txn.data.n
        }),
      ),
    )
    expect(values).toEqual(Array.from({ length: 64 }, (_, n) => n + 1))
    expect(onDisk()).toEqual({ n: 64 })
    expect(renames() - before).toBeLessThanOrEqual(3)
  })

  test('are each a record of the history and a commit event, in their order', async () => {
    await using store = new TxnStore<Doc>(file())
    const events: unknown[] = []
    store.on('commit', ({ seq, operation, data }) => events.push([seq, operation, data['n']]))
    await Promise.all(
      [1, 2, 3].map((n) =>
        store.transaction(
          (txn) => {
            txn.data.n = n
          },
          { operation: `step${n}` },
        ),
      ),
    )
    expect(events).toEqual([
      [1, 'step1', 1],
      [2, 'step2', 2],
      [3, 'step3', 3],
    ])
    const history = await store.getTransactionHistory()
    expect(history.map(({ seq, operation }) => [seq, operation])).toEqual([
      [3, 'step3_commit'],
      [2, 'step2_commit'],
      [1, 'step1_commit'],
    ])
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test.each([{ journalMode: false }, { journalMode: true }])(
    'one bad among many fails alone, journal $journalMode',
    async ({ journalMode }) => {
      await using store = new TxnStore(file(), {
        schema: z.looseObject({ n: z.number().max(1000).optional() }),
        journal: journalMode,
      })
      const failure = new Error('no')
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, (_, index) =>
          store.transaction(async (txn) => {
            txn.data.n = (txn.data.n ?? 0) + 1
            if (index === 7) throw failure
            if (index === 11) txn.data.n = 5000
            if (index === 13) txn.data.n = Number.NaN
            if (index === 17) await nextTurn()
            return txn.data.n
          }),
        ),
      )
      expect(
        results.map(({ status }, index) => (status === 'rejected' ? index : -1)).filter((index) => index >= 0),
      ).toEqual([7, 11, 13])
      expect(results[7]).toEqual({ status: 'rejected', reason: failure })
      expect(results[11]).toMatchObject({ reason: { code: 'ERR_STATE_VALIDATION', issues: [{ path: '/n' }] } })
      expect(results[13]).toMatchObject({ reason: { code: 'ERR_STATE_VALIDATION' } })
      const values = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
      expect(values).toEqual(Array.from({ length: 27 }, (_, n) => n + 1))
      expect(await store.read()).toEqual({ n: 27 })
      const history = await store.getTransactionHistory({ limit: 100 })
      expect(history.filter(({ success }) => success)).toHaveLength(27)
      expect(history.filter(({ kind }) => kind === 'rollback')).toHaveLength(3)
    },
  )

  test('whose common write fails are all told, and none of them happened', async () => {
    const { deps, failWith } = countingFs()
    await using store = new TxnStore<Doc>(file(), {}, deps)
    await store.write({ n: 0 })
    failWith('ENOSPC')
    const increment = (): Promise<void> =>
      store.transaction((txn) => {
        txn.data.n = (txn.data.n ?? 0) + 1
      })
    const results = await Promise.allSettled(Array.from({ length: 10 }, increment))
    for (const result of results)
      expect(result).toMatchObject({ reason: { code: 'ERR_STATE_WRITE', cause: { cause: { code: 'ENOSPC' } } } })
    expect(onDisk()).toEqual({ n: 0 })
    expect(await store.read()).toEqual({ n: 0 })
    failWith(undefined)
    await Promise.all(Array.from({ length: 10 }, increment))
    expect(onDisk()).toEqual({ n: 10 })
    const history = await store.getTransactionHistory({ limit: 100 })
    expect(history.filter(({ kind, success }) => kind === 'commit' && success)).toHaveLength(11)
    expect((await store.verifyHistory()).problems).toEqual([])
  })

  test('are not told before they are durable: what resolves is in the file', async () => {
    await using store = new TxnStore<Doc>(file())
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        store
          .transaction((txn) => {
            txn.data.list = [...(txn.data.list ?? []), n]
          })
          .then(() => expect((onDisk() as Doc).list).toContain(n)),
      ),
    )
  })

  test('one that saw what is not durable yet, and changed nothing, is not told before it is', async () => {
    const { deps, failWith } = countingFs()
    await using store = new TxnStore<Doc>(file(), {}, deps)
    await store.write({ n: 0 })
    failWith('EIO')
    const [write, look] = await Promise.allSettled([
      store.transaction((txn) => {
        txn.data.n = 1
      }),
      store.transaction((txn) => txn.data.n),
    ])
    expect([write, look]).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }])
  })

  test('those that are done do not wait for a slow one', async () => {
    await using store = new TxnStore<Doc>(file())
    const slow = Promise.withResolvers<void>()
    const first = store.transaction((txn) => {
      txn.data.n = 1
    })
    const second = store.transaction(async (txn) => {
      await slow.promise
      txn.data.n = 2
    })
    await first
    expect(onDisk()).toEqual({ n: 1 })
    slow.resolve()
    await second
    expect(onDisk()).toEqual({ n: 2 })
  })

  test('with a journal are appended together', async () => {
    await using store = new TxnStore<Doc>(file(), { journal: true })
    await Promise.all(
      Array.from({ length: 40 }, () =>
        store.transaction((txn) => {
          txn.data.n = (txn.data.n ?? 0) + 1
        }),
      ),
    )
    expect(readFileSync(journal(), 'utf8').trimEnd().split('\n')).toHaveLength(41)
    expect(await store.read()).toEqual({ n: 40 })
  })
})
