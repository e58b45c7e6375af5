import { startChild, useTempDir } from '@holdfast/testkit'
import { TxnStore } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'

const dir = useTempDir()
const COMMITTER = new URL('fixtures/commit-on-demand.mjs', import.meta.url)

describe('watch()', () => {
  test.each([{ journal: false }, { journal: true }])(
    'tells commits of another process, journal $journal',
    async ({ journal }) => {
      const path = `${dir()}/state.json`
      const child = startChild(COMMITTER, { args: [path, String(journal)] })
      await child.ready()
      await using store = new TxnStore(path)
      const controller = new AbortController()
      const seen: unknown[] = []
      // The interval is longer than the test may take, so that only what the system announces can wake it.
      for await (const { n } of store.watch({ signal: controller.signal, intervalMs: 60_000 })) {
        seen.push(n)
        if (n === 3) controller.abort()
        else child.send({ type: 'commit', n: Number(n ?? 0) + 1 })
      }
      expect(seen).toEqual([undefined, 1, 2, 3])
    },
  )

  test('ends when the store is closed, and keeps no process alive', async () => {
    const store = new TxnStore(`${dir()}/state.json`)
    const states = store.watch({ intervalMs: 60_000 })
    expect((await states.next()).value).toEqual({})
    const next = states.next()
    await store.close()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  test('finds changes that nobody announces at the next look', async () => {
    const path = `${dir()}/state.json`
    await using other = new TxnStore(path)
    await using store = new TxnStore(path)
    const controller = new AbortController()
    const states = store.watch({ signal: controller.signal, intervalMs: 10 })
    expect((await states.next()).value).toEqual({})
    await other.write({ n: 1 })
    expect((await states.next()).value).toEqual({ n: 1 })
    controller.abort()
    expect(await states.next()).toEqual({ done: true, value: undefined })
  })
})
