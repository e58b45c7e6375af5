import { AsyncLocalStorage } from 'node:async_hooks'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { FileLock } from '@holdfast/lock'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type Transaction, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (name = 'state.json'): string => join(dir(), name)

interface Doc {
  n?: number
}

const set =
  (n: number) =>
  (txn: Transaction<Doc>): void => {
    txn.data.n = n
  }

describe('a transaction that waits for the lock', () => {
  test('has nothing to do with another that is called off in the same moment', async () => {
    const lock = await FileLock.acquire(`${file()}.lock`)
    await using store = new TxnStore<Doc>(file())
    const calling = new AbortController()
    const first = store.transaction(set(1), { signal: calling.signal })
    await Promise.all([
      expect(first).rejects.toThrow('called off'),
      sleep(30).then(async () => {
        calling.abort(new Error('called off'))
        const second = store.transaction(set(2))
        await lock.release()
        await second
      }),
    ])
    expect(await store.read()).toEqual({ n: 2 })
  })

  test('waits no longer than its own time, behind one that may wait longer', async () => {
    const lock = await FileLock.acquire(`${file()}.lock`)
    await using store = new TxnStore<Doc>(file(), { lockTimeoutMs: 60_000 })
    const patient = store.transaction(set(1))
    await sleep(30)
    await expect(store.transaction(set(2), { lockTimeoutMs: 50 })).rejects.toMatchObject({
      code: 'ERR_STATE_LOCK',
      message: expect.stringContaining('within 50 ms'),
    })
    await lock.release()
    await patient
    expect(await store.read()).toEqual({ n: 1 })
  })
})

describe('a transaction belongs to the asynchronous context of its caller', () => {
  test('what the caller has put there is found in the callback and in listeners', async () => {
    const request = new AsyncLocalStorage<number>()
    await using store = new TxnStore<Doc>(file())
    const seen: [number, number | undefined][] = []
    const told: (number | undefined)[] = []
    store.on('commit', () => told.push(request.getStore()))
    const ask = (id: number): Promise<void> =>
      request.run(id, () =>
        store.transaction((txn) => {
          seen.push([id, request.getStore()])
          txn.data.n = id
        }),
      )
    await Promise.all([1, 2, 3].map(ask))
    expect(seen).toEqual([1, 2, 3].map((id) => [id, id]))
    expect(told).toEqual([1, 2, 3])
  })

  test('nesting is found out through another document that is busy with somebody else', async () => {
    await using outer = new TxnStore<Doc>(file('outer.json'), { lockTimeoutMs: 60_000 })
    await using other = new TxnStore<Doc>(file('other.json'))
    const end = Promise.withResolvers<void>()
    const busy = other.transaction(() => end.promise)
    const nested = outer.transaction(() => {
      const between = other.transaction(() => outer.transaction(set(1)))
      end.resolve()
      return between
    })
    await expect(nested).rejects.toMatchObject({ code: 'ERR_STATE_TRANSACTION' })
    await busy
  })

  test('nobody else counts as nested because of it', async () => {
    await using outer = new TxnStore<Doc>(file('outer.json'))
    await using other = new TxnStore<Doc>(file('other.json'))
    const go = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    const end = Promise.withResolvers<void>()
    const first = outer.transaction(async () => {
      // Begins the work on the other document, and does not wait for it.
      const inside = other.transaction(() => {
        begun.resolve()
        return go.promise
      })
      await end.promise
      await inside
    })
    await begun.promise
    const second = other.transaction(() => {
      const wanted = outer.transaction(set(7))
      end.resolve()
      return wanted
    })
    go.resolve()
    await Promise.all([first, second])
    expect(await outer.read()).toEqual({ n: 7 })
  })

  test('close() in it is an error, not a wait without end', async () => {
    const store = new TxnStore<Doc>(file())
    await expect(store.transaction(() => store.close())).rejects.toMatchObject({ code: 'ERR_STATE_TRANSACTION' })
    await store.transaction(set(1))
    await store.close()
  })
})
