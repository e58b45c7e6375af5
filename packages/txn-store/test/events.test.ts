import { readFileSync, writeFileSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import { join } from 'node:path'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test, vi } from 'vitest'
import { type StoreEventName, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const COUNT = new URL('fixtures/count-in-a-loop.mjs', import.meta.url)

interface Doc {
  n?: number
}

const NAMES: readonly StoreEventName[] = ['commit', 'rollback', 'recovered', 'restored', 'warning']

function heard(store: TxnStore<Doc>): [string, unknown][] {
  const events: [string, unknown][] = []
  for (const name of NAMES) store.on(name, (event) => events.push([name, event]))
  return events
}

describe('on()', () => {
  test('commit: number, operation and the new state, frozen, when it is durable', async () => {
    await using store = new TxnStore<Doc>(file())
    const seen: unknown[] = []
    store.on('commit', ({ data }) => seen.push([JSON.parse(readFileSync(file(), 'utf8')), Object.isFrozen(data)]))
    const events = heard(store)
    await store.write({ n: 1 }, { operation: 'phase1' })
    await store.write({ n: 1 })
    expect(events).toEqual([['commit', { seq: 1, operation: 'phase1', data: { n: 1 } }]])
    expect(seen).toEqual([[{ n: 1 }, true]])
  })

  test('rollback: the operation and the very error, for callbacks, checks and timeouts', async () => {
    await using store = new TxnStore<Doc>(file())
    const events = heard(store)
    const failure = new Error('no')
    await store.transaction(() => Promise.reject(failure), { operation: 'phase4' }).catch(() => 0)
    await store.write({ n: Number.NaN }).catch(() => 0)
    await using txn = await store.begin()
    await store.transaction(() => 1, { lockTimeoutMs: 5, operation: 'tick' }).catch(() => 0)
    await txn.rollback()
    expect(events).toMatchObject([
      ['rollback', { operation: 'phase4', error: failure }],
      ['rollback', { operation: 'write', error: { code: 'ERR_STATE_VALIDATION' } }],
      ['rollback', { operation: 'tick', error: { code: 'ERR_STATE_LOCK' } }],
      ['rollback', { operation: 'transaction' }],
    ])
    expect(events[0]?.[1]).toHaveProperty('error', failure)
  })

  test('restored: the backup and what was replaced, besides the commit', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    await store.write({ n: 2 })
    const [backup = ''] = await store.listBackups()
    const events = heard(store)
    const { replaced } = await store.restoreBackup(backup)
    expect(events).toMatchObject([
      ['commit', { operation: 'restore', data: { n: 1 } }],
      ['restored', { backup: backup.split('/').at(-1), replaced }],
    ])
  })

  test('recovered: what a killed process left is told with the first turn, once', async () => {
    await using before = new TxnStore<Doc>(file())
    await before.write({ n: 1 })
    const child = startChild(COUNT, {
      args: [file(), '{}', '{"commits":1}'],
      crash: { atOperation: 1, operation: 'rename' },
    })
    await child.ready()
    child.send({ type: 'go' })
    expect(await child.exited).toMatchObject({ signal: 'SIGKILL' })
    await using store = new TxnStore<Doc>(file())
    const events = heard(store)
    expect(await store.read()).toEqual({ n: 1 })
    expect(events).toEqual([])
    await store.transaction((txn) => {
      txn.data.n = 3
    })
    await store.write({ n: 4 })
    expect(events.filter(([name]) => name === 'recovered')).toEqual([
      ['recovered', { description: expect.stringMatching(/temporary file/) }],
      ['recovered', { description: expect.stringMatching(/1 commit of a process that died/) }],
    ])
    expect((await store.getTransactionHistory()).map(({ kind, success }) => [kind, success])).toEqual([
      ['commit', true],
      ['commit', true],
      ['recovery', true],
      ['commit', false],
      ['commit', true],
    ])
  })

  test('warning: what fails besides the promise, without failing the commit', async () => {
    const failure = Object.assign(new Error('EPERM: unlink'), { code: 'EPERM' })
    const unlink: typeof nodeFs.unlink = async (path) => {
      if (String(path).endsWith('.bak')) throw failure
      await nodeFs.unlink(path)
    }
    await using store = new TxnStore<Doc>(file(), { maxBackups: 1 }, { fs: { ...nodeFs, unlink } })
    const events = heard(store)
    for (const n of [1, 2, 3]) await store.write({ n })
    await store.listBackups()
    expect(await store.read()).toEqual({ n: 3 })
    const warnings = events.filter(([name]) => name === 'warning')
    expect(warnings).toMatchObject([['warning', { error: { cause: failure } }]])
  })

  test('a listener that throws hurts nobody: the commit stands, the others are called, and it is a warning', async () => {
    await using store = new TxnStore<Doc>(file())
    const failure = new Error('a broken listener')
    store.on('commit', () => {
      throw failure
    })
    const events = heard(store)
    await store.write({ n: 1 })
    expect(events.map(([name]) => name).toSorted()).toEqual(['commit', 'warning'])
    expect(events.find(([name]) => name === 'warning')?.[1]).toEqual({ error: failure })
  })

  test('a warning that nobody listens to becomes one of the process; a listener of warnings that throws, too', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
    try {
      await using store = new TxnStore<Doc>(file())
      store.on('commit', () => {
        throw new Error('first')
      })
      await store.write({ n: 1 })
      store.on('warning', () => {
        throw new Error('second')
      })
      await store.write({ n: 2 })
      expect(emitWarning.mock.calls.map(([warning]) => String(warning))).toEqual(['Error: first', 'Error: second'])
    } finally {
      emitWarning.mockRestore()
    }
  })

  test('what it returns ends the listening, also in the middle of an event', async () => {
    await using store = new TxnStore<Doc>(file())
    const seen: string[] = []
    const offFirst = store.on('commit', () => {
      seen.push('first')
      offFirst()
    })
    store.on('commit', () => seen.push('second'))
    await store.write({ n: 1 })
    await store.write({ n: 2 })
    offFirst()
    expect(seen).toEqual(['first', 'second', 'second'])
  })

  test('a listener may use the store', async () => {
    await using store = new TxnStore<Doc>(file())
    let following: Promise<void> | undefined
    store.on('commit', ({ seq }) => {
      if (seq === 1) following = store.write({ n: 2 })
    })
    await store.write({ n: 1 })
    await following
    expect(await store.read()).toEqual({ n: 2 })
  })

  test('commits of others are none of its events', async () => {
    await using store = new TxnStore<Doc>(file())
    const events = heard(store)
    await using other = new TxnStore<Doc>(file())
    await other.write({ n: 1 })
    writeFileSync(file(), '{"n":2}')
    expect(await store.read()).toEqual({ n: 2 })
    expect(events).toEqual([])
  })
})
