import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { startChild, useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { type OpenTransaction, type Transaction, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const log = (): string => readFileSync(join(dir(), '.pipeline/state.json.transactions.log'), 'utf8')
const onDisk = (): unknown => JSON.parse(readFileSync(file(), 'utf8'))
const HOLD = new URL('fixtures/hold-transaction.mjs', import.meta.url)

interface Doc {
  n?: number
  list?: { id: number }[]
  held?: boolean
  nested?: { deep: { x: number } }
}

const set =
  (n: number) =>
  (txn: Transaction<Doc>): void => {
    txn.data.n = n
  }

describe('transaction()', () => {
  test('resolves to what the callback gave, also to parts of the draft, for good', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ list: [{ id: 1 }] })
    const first = await store.transaction((txn) => {
      const item = txn.data.list?.[0]
      if (item !== undefined) item.id = 2
      return item
    })
    await store.transaction((txn) => {
      txn.data.list = []
    })
    expect(first).toEqual({ id: 2 })
  })

  test('resolves also to arrays and objects that were made of parts of the draft, as they are at the end', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ list: [{ id: 1 }, { id: 2 }] })
    const { found, all, itself } = await store.transaction((txn) => {
      const list = txn.data.list ?? []
      const found = list.filter(({ id }) => id > 1)
      for (const item of found) item.id = 7
      const itself: { me?: unknown } = {}
      itself.me = itself
      return { found, all: new Set([1]), itself, whole: txn.data }
    })
    expect(found).toEqual([{ id: 7 }])
    expect([all, itself.me]).toEqual([new Set([1]), itself])
    expect(onDisk()).toEqual({ list: [{ id: 1 }, { id: 7 }] })
  })

  test('is durable and in the file when it resolves', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.transaction(set(1))
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('takes another document that is assigned as a whole, with parts of the old one in it', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1, list: [{ id: 1 }] })
    await store.transaction((txn) => {
      txn.data = { list: txn.data.list ?? [] }
      txn.data.list?.push({ id: 2 })
    })
    expect(onDisk()).toEqual({ list: [{ id: 1 }, { id: 2 }] })
  })

  test('begins with seedData, and replaces the whole document with what became of it', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1, held: true })
    const seedData = { list: [{ id: 1 }] }
    await store.transaction(set(2), { seedData })
    expect(onDisk()).toEqual({ list: [{ id: 1 }], n: 2 })
    expect(seedData).toEqual({ list: [{ id: 1 }] })
  })

  test.each<{ name: string; change: (txn: Transaction<Doc>) => void }>([
    { name: 'nothing at all', change: () => undefined },
    { name: 'the same value', change: set(1) },
    {
      name: 'there and back',
      change: (txn) => {
        txn.data.n = 5
        txn.data.n = 1
      },
    },
    {
      name: 'an equal object',
      change: (txn) => {
        txn.data.list = [{ id: 1 }]
      },
    },
    {
      name: 'an equal document',
      change: (txn) => {
        txn.data = { n: 1, list: [{ id: 1 }] }
      },
    },
    {
      name: 'a removed property that was not there',
      change: (txn) => {
        delete txn.data.held
      },
    },
  ])('that changes $name writes nothing: no file, no backup, no record', async ({ change }) => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1, list: [{ id: 1 }] })
    const [before, history] = [statSync(file(), { bigint: true }), log()]
    await store.transaction(change)
    await store.write({ n: 1, list: [{ id: 1 }] })
    expect(statSync(file(), { bigint: true })).toMatchObject({ ino: before.ino, mtimeNs: before.mtimeNs })
    expect(log()).toBe(history)
    expect(await store.listBackups()).toEqual([])
  })

  test('that changes nothing is noted on request', async () => {
    await using store = new TxnStore<Doc>(file(), { logUnchanged: true })
    await store.write({ n: 1 })
    await store.transaction(set(1), { operation: 'look' })
    expect(await store.getTransactionHistory()).toMatchObject([
      { operation: 'look_unchanged', kind: 'unchanged', success: true, seq: 1 },
      { operation: 'write_commit', seq: 1 },
    ])
  })

  test.each<{ name: string; thrown: unknown }>([
    { name: 'an Error', thrown: new Error('no') },
    { name: 'a text', thrown: 'no' },
    { name: 'undefined', thrown: undefined },
    { name: 'a frozen object', thrown: Object.freeze({ code: 7 }) },
  ])('rolls back and rethrows $name unchanged', async ({ thrown }) => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    for (const fail of [
      (txn: Transaction<Doc>): void => {
        txn.data.n = 2
        throw thrown
      },
      async (txn: Transaction<Doc>): Promise<void> => {
        txn.data.n = 3
        await nextTurn()
        throw thrown
      },
    ]) {
      const outcome = await store.transaction(fail).then(
        () => 'resolved',
        (error: unknown) => ({ error }),
      )
      expect((outcome as { error: unknown }).error).toBe(thrown)
    }
    expect(onDisk()).toEqual({ n: 1 })
    expect(await store.listBackups()).toEqual([])
  })

  test('inside another on the same document is a StateTransactionError at once, by whatever way it is called', async () => {
    await using store = new TxnStore<Doc>(file())
    await using other = new TxnStore<Doc>(join(dir(), '.', 'state.json'))
    const error = { name: 'StateTransactionError', code: 'ERR_STATE_TRANSACTION' }
    await store.transaction(async (txn) => {
      await expect(store.transaction(set(1))).rejects.toMatchObject(error)
      await expect(other.write({ n: 2 })).rejects.toMatchObject(error)
      await expect(store.begin()).rejects.toMatchObject(error)
      await expect(store.backupManager.createBackup()).rejects.toMatchObject(error)
      await nextTurn()
      await expect(store.transaction(set(3))).rejects.toMatchObject(error)
      txn.data.n = 4
    })
    expect(onDisk()).toEqual({ n: 4 })
  }, 5000)

  test('inside one on another document is none', async () => {
    await using store = new TxnStore<Doc>(file())
    await using other = new TxnStore<Doc>(join(dir(), 'other.json'))
    await store.transaction(async (txn) => {
      await other.transaction(set(1))
      expect(await store.read()).toEqual({})
      txn.data.n = (await other.read()).n ?? 0
    })
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('that a callback started without waiting for it comes after, once the callback is over', async () => {
    await using store = new TxnStore<Doc>(file())
    let later: Promise<void> | undefined
    await store.transaction((txn) => {
      txn.data.n = 1
      later = nextTurn()
        .then(() => nextTurn())
        .then(async () => {
          while (!existsSync(file())) await nextTurn()
          await store.transaction(set(2))
        })
    })
    await later
    expect(onDisk()).toEqual({ n: 2 })
  })

  test('two at the same time queue, in their order, and each sees what came before it', async () => {
    await using store = new TxnStore<{ order?: number[] }>(file())
    await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        store.transaction(async (txn) => {
          const before = txn.data.order ?? []
          await nextTurn()
          txn.data.order = [...before, n]
        }),
      ),
    )
    expect(onDisk()).toEqual({ order: Array.from({ length: 20 }, (_, n) => n) })
  })

  test('two stores of one document in one process queue as well', async () => {
    await using one = new TxnStore<Doc>(file())
    await using two = new TxnStore<Doc>(file())
    const increment = (txn: Transaction<Doc>): void => {
      txn.data.n = (txn.data.n ?? 0) + 1
    }
    await Promise.all(Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? one : two).transaction(increment)))
    expect(onDisk()).toEqual({ n: 40 })
  })

  test('a draft that is used after its callback is a TypeError, and changes nothing', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ nested: { deep: { x: 1 } } })
    let kept: Transaction<Doc> | undefined
    let part: { x: number } | undefined
    await store.transaction((txn) => {
      kept = txn
      part = txn.data.nested?.deep
    })
    expect(() => kept?.data).toThrow(TypeError)
    expect(() => {
      if (kept !== undefined) kept.data = {}
    }).toThrow(TypeError)
    expect(() => part?.x).toThrow(TypeError)
    expect(() => {
      if (part !== undefined) part.x = 2
    }).toThrow(TypeError)
    expect(await store.read()).toEqual({ nested: { deep: { x: 1 } } })
  })

  test('a draft that is used after its callback failed is a TypeError, too', async () => {
    await using store = new TxnStore<Doc>(file())
    let part: object | undefined
    const failed = store.transaction((txn) => {
      txn.data.nested = { deep: { x: 1 } }
      part = txn.data
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(() => Object.keys(part ?? {})).toThrow(TypeError)
  })

  test('gives label, operation and the options of the store to the history', async () => {
    await using store = new TxnStore<Doc>(file(), { label: 'worker 1' }, { host: 'mill', pid: 77 })
    await store.transaction(set(1), { operation: 'phase1' })
    await store.transaction(set(2), { operation: 'phase2', label: 'hand' })
    expect(await store.getTransactionHistory()).toMatchObject([
      { operation: 'phase2_commit', label: 'hand', host: 'mill', pid: 77 },
      { operation: 'phase1_commit', label: 'worker 1', host: 'mill', pid: 77 },
    ])
  })
})

describe('lockTimeoutMs', () => {
  test('ends the wait for another process with a StateLockError that names it; nothing is logged as done', async () => {
    const child = startChild(HOLD, { args: [file()] })
    await child.ready()
    await using store = new TxnStore<Doc>(file(), { lockTimeoutMs: 60 })
    const begun = performance.now()
    await expect(store.transaction(set(1))).rejects.toMatchObject({
      name: 'StateLockError',
      code: 'ERR_STATE_LOCK',
      path: file(),
      message: expect.stringContaining(String(child.pid)),
    })
    expect(performance.now() - begun).toBeGreaterThan(50)
    await expect(store.transaction(set(1), { lockTimeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    expect(await store.getTransactionHistory()).toEqual([])
  })

  test('each of several waits as long as it was told', async () => {
    const child = startChild(HOLD, { args: [file()] })
    await child.ready()
    await using store = new TxnStore<Doc>(file())
    const short = store.transaction(set(1), { lockTimeoutMs: 30 })
    const long = store.transaction((txn) => txn.data.held, { lockTimeoutMs: 10_000 })
    await expect(short).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    child.send({ type: 'end', how: 'commit' })
    expect(await long).toBe(true)
  })

  test('ends the wait for a slow transaction of the same process, and names that', async () => {
    await using store = new TxnStore<Doc>(file())
    await using slow = await store.begin({ operation: 'import of a day' })
    const waiting = store.transaction(set(1), { lockTimeoutMs: 30, operation: 'tick' })
    await expect(waiting).rejects.toMatchObject({
      code: 'ERR_STATE_LOCK',
      path: file(),
      message: expect.stringMatching(/'tick'.*'import of a day'/),
    })
    slow.data.n = 2
    await slow.commit()
    expect(onDisk()).toEqual({ n: 2 })
  })
})

describe('begin()', () => {
  test('commit() makes the changes durable', async () => {
    await using store = new TxnStore<Doc>(file())
    const txn = await store.begin({ operation: 'import' })
    txn.data.n = 1
    expect(existsSync(file())).toBe(false)
    await txn.commit()
    expect(onDisk()).toEqual({ n: 1 })
    expect(await store.getTransactionHistory()).toMatchObject([{ operation: 'import_commit' }])
  })

  test.each<{ name: string; end: (txn: OpenTransaction<Doc>) => Promise<void> }>([
    { name: 'rollback()', end: (txn) => txn.rollback() },
    { name: 'disposal', end: (txn) => txn[Symbol.asyncDispose]() },
  ])('$name drops the changes and lets others go on', async ({ end }) => {
    await using store = new TxnStore<Doc>(file())
    const txn = await store.begin()
    txn.data.n = 1
    const next = store.transaction((after) => after.data.n)
    await end(txn)
    expect(await next).toBeUndefined()
    expect(existsSync(file())).toBe(false)
  })

  test('a block that is left by an exception rolls back and keeps the exception', async () => {
    await using store = new TxnStore<Doc>(file())
    const failure = new Error('no')
    const work = async (): Promise<void> => {
      await using txn = await store.begin()
      txn.data.n = 1
      throw failure
    }
    await expect(work()).rejects.toBe(failure)
    expect(await store.read()).toEqual({})
  })

  test('commit() and rollback() after the end are StateTransactionErrors; disposal is fine', async () => {
    await using store = new TxnStore<Doc>(file())
    const txn = await store.begin()
    txn.data.n = 1
    await txn.commit()
    for (const again of [txn.commit(), txn.rollback()])
      await expect(again).rejects.toMatchObject({ code: 'ERR_STATE_TRANSACTION' })
    await txn[Symbol.asyncDispose]()
    expect(() => txn.data).toThrow(TypeError)
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('a commit that is refused rolls back and tells why', async () => {
    await using store = new TxnStore<Doc>(file())
    const txn = await store.begin()
    txn.data.n = Number.NaN
    await expect(txn.commit()).rejects.toMatchObject({ code: 'ERR_STATE_VALIDATION', issues: [{ path: '/n' }] })
    await store.transaction(set(1))
    expect(onDisk()).toEqual({ n: 1 })
  })

  test('a transaction after it in the same code is no nested one', async () => {
    await using store = new TxnStore<Doc>(file())
    await using txn = await store.begin()
    const other = store.transaction(set(5))
    txn.data.n = 1
    await txn.commit()
    await other
    expect(onDisk()).toEqual({ n: 5 })
  })
})

describe('fencing', () => {
  test.each([{ journal: false }, { journal: true }])(
    'a commit whose lock was taken over is refused, journal $journal',
    async (options) => {
      await using store = new TxnStore<Doc>(file(), options)
      store.on('warning', () => undefined)
      await using other = new TxnStore<Doc>(file(), options)
      await store.write({ n: 1 })
      const txn = await store.begin()
      txn.data.list = []
      rmSync(`${file()}.lock`)
      await other.write({ n: 2 })
      await expect(txn.commit()).rejects.toMatchObject({ name: 'StaleTokenError', code: 'ERR_STALE_TOKEN' })
      expect(await store.read()).toEqual({ n: 2 })
      await store.transaction(set(3))
      expect(await other.read()).toEqual({ n: 3 })
    },
  )

  test('a document that another program changed during the transaction is not overwritten', async () => {
    await using store = new TxnStore<Doc>(file())
    await store.write({ n: 1 })
    const txn = await store.begin()
    txn.data.n = 2
    writeFileSync(file(), '{"n":50}')
    await expect(txn.commit()).rejects.toMatchObject({ code: 'ERR_STATE_TRANSACTION', hint: expect.any(String) })
    expect(onDisk()).toEqual({ n: 50 })
  })
})

describe('an AbortSignal', () => {
  test('ends a transaction whose callback does not end, so that others get their turn', async () => {
    await using store = new TxnStore<Doc>(file())
    const calling = new AbortController()
    const stuck = store.transaction(
      async (txn) => {
        txn.data.n = 1
        calling.abort(new Error('called off'))
        await new Promise(() => undefined)
      },
      { signal: calling.signal },
    )
    await expect(stuck).rejects.toThrow('called off')
    const begun = new AbortController()
    const open = await store.begin({ signal: begun.signal })
    open.data.n = 2
    begun.abort(new Error('no more'))
    await store.transaction(set(3))
    await expect(open.commit()).rejects.toThrow('no more')
    expect(onDisk()).toEqual({ n: 3 })
  })

  test('that is aborted before: the callback never runs, and the reason is thrown', async () => {
    await using store = new TxnStore<Doc>(file())
    const reason = new Error('shutdown')
    let ran = false
    const refused = store.transaction(
      () => {
        ran = true
      },
      { signal: AbortSignal.abort(reason) },
    )
    await expect(refused).rejects.toBe(reason)
    expect(ran).toBe(false)
    expect(existsSync(`${file()}.lock`)).toBe(false)
  })

  test('aborted while another process holds the lock: the wait ends at once', async () => {
    const child = startChild(HOLD, { args: [file()] })
    await child.ready()
    await using store = new TxnStore<Doc>(file(), { lockTimeoutMs: 600_000 })
    const controller = new AbortController()
    const waiting = store.transaction(set(1), { signal: controller.signal })
    await nextTurn()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
    // Nothing of it goes on waiting: the store can be closed while the other still holds the lock.
    await store.close()
    child.send({ type: 'end', how: 'commit' })
    await child.waitFor('ended')
    expect(onDisk()).toEqual({ held: true })
  }, 5000)

  test('aborted while a transaction of the same process is open: only the waiting one ends', async () => {
    await using store = new TxnStore<Doc>(file())
    const open = await store.begin()
    open.data.n = 1
    const controller = new AbortController()
    const waiting = store.transaction(set(2), { signal: controller.signal })
    const other = store.transaction((txn) => {
      txn.data.held = true
    })
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
    await open.commit()
    await other
    expect(onDisk()).toEqual({ n: 1, held: true })
  })

  test('aborted in the callback: it is not committed, although the callback went well', async () => {
    await using store = new TxnStore<Doc>(file())
    const controller = new AbortController()
    const run = store.transaction(
      (txn) => {
        txn.data.n = 1
        controller.abort()
      },
      { signal: controller.signal },
    )
    await expect(run).rejects.toMatchObject({ name: 'AbortError' })
    expect(existsSync(file())).toBe(false)
    expect(await store.getTransactionHistory()).toMatchObject([{ kind: 'rollback', success: false }])
  })

  test('aborted after the commit changes nothing, and leaves no listener behind', async () => {
    await using store = new TxnStore<Doc>(file())
    const controller = new AbortController()
    await store.transaction(set(1), { signal: controller.signal })
    controller.abort()
    await store.transaction(set(2))
    expect(onDisk()).toEqual({ n: 2 })
  })
})

describe('close()', () => {
  test('waits for what is under way; after it, everything is an error; again it does nothing', async () => {
    const store = new TxnStore<Doc>(file())
    const running = store.transaction(async (txn) => {
      await nextTurn()
      txn.data.n = 1
    })
    const closing = store.close()
    await Promise.all([running, closing, store.close()])
    expect(onDisk()).toEqual({ n: 1 })
    for (const use of [
      () => store.read(),
      () => store.write({}),
      () => store.transaction(set(1)),
      () => store.begin(),
      () => store.listBackups(),
      () => store.getTransactionHistory(),
      () => store.backupManager.createBackup(),
      () => store.checkpoint(),
    ])
      await expect(use()).rejects.toThrow('closed')
  })
})
