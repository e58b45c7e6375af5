/** What the README of the store that this one replaces promised, one test for each promise, its examples included. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { crashSweep, startChild, useTempDir } from '@holdfast/testkit'
import { merge, StateReadError, StateValidationError, TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const dir = useTempDir()
const path = (): string => join(dir(), 'pipeline.json')
const onDisk = (): unknown => JSON.parse(readFileSync(path(), 'utf8'))
const fixture = (name: string): URL => new URL(`fixtures/${name}.mjs`, import.meta.url)

const phase = z.looseObject({
  status: z.enum(['pending', 'running', 'success', 'failed']),
  metrics: z.looseObject({ duration: z.number().optional() }).optional(),
  files: z.record(z.string(), z.unknown()).optional(),
})
const schema = z.looseObject({
  file_id: z.string().optional(),
  phase1: phase.optional(),
  phase2: phase.optional(),
  phase4: phase.optional(),
})
type Pipeline = z.infer<typeof schema>

function open(options: Partial<TxnStoreOptions<Pipeline>> = {}): TxnStore<Pipeline> {
  return new TxnStore<Pipeline>(path(), { schema, ...options })
}

describe('guarantees', () => {
  test('atomic writes: a crash in the middle of a write leaves the old or the new document, never a part', async () => {
    const crashes = await crashSweep(
      fixture('count-in-a-loop'),
      {
        args: [path(), '{}', '{"commits":1}', 'now'],
        prepare: () => writeFileSync(path(), '{\n  "n": 1\n}'),
      },
      () => expect([{ n: 1 }, { n: 2 }]).toContainEqual(onDisk()),
    )
    expect(crashes).toBeGreaterThan(5)
    expect(onDisk()).toEqual({ n: 2 })
  })

  test('file locking: two processes that write at the same time lose nothing', async () => {
    const children = [1, 2].map(() =>
      startChild(fixture('count-in-a-loop'), { args: [path(), '{}', '{"commits":40}'] }),
    )
    await Promise.all(children.map((child) => child.ready()))
    for (const child of children) child.send({ type: 'go' })
    await Promise.all(children.map((child) => child.waitFor('done')))
    expect(onDisk()).toEqual({ n: 80 })
  })

  test('schema validation: malformed data is not accepted silently', async () => {
    await using state = open()
    const wrong = JSON.parse('{"phase1":{"status":"sucess"}}') as Pipeline
    await expect(state.write(wrong)).rejects.toBeInstanceOf(StateValidationError)
    expect(existsSync(path())).toBe(false)
  })

  test('automatic backups: every write keeps what was before it', async () => {
    await using state = open()
    for (const status of ['pending', 'running', 'success'] as const) await state.write({ phase1: { status } })
    const kept = await Promise.all((await state.listBackups()).map((backup) => state.readBackup(backup)))
    expect(kept).toEqual([{ phase1: { status: 'running' } }, { phase1: { status: 'pending' } }])
  })

  test('transaction log: an audit trail of what succeeded and what failed', async () => {
    await using state = open()
    await state.write({ phase1: { status: 'pending' } })
    await state.transaction(() => Promise.reject(new Error('no voice'))).catch(() => undefined)
    expect(await state.getTransactionHistory()).toMatchObject([
      { operation: 'transaction_rollback', success: false, details: { error: 'Error: no voice' }, pid: process.pid },
      { operation: 'write_commit', success: true, details: {}, pid: process.pid },
    ])
  })

  test('rollback on error: a failed transaction leaves the state unchanged, to the byte', async () => {
    await using state = open()
    await state.write({ phase1: { status: 'pending' } })
    const before = readFileSync(path())
    const failed = state.transaction((txn) => {
      txn.data.phase1 = { status: 'success' }
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(readFileSync(path())).toEqual(before)
  })
})

describe('quick start', () => {
  test('basic usage: read, write, a seeded transaction, an update', async () => {
    await using state = open()
    expect(await state.read()).toEqual({})

    await state.write({ phase1: { status: 'pending' } }, { validate: false })
    expect(await state.read()).toEqual({ phase1: { status: 'pending' } })

    await state.write({ phase1: { status: 'running' }, file_id: 'x' })
    await state.transaction(() => undefined, { validate: false, seedData: { phase1: { status: 'pending' } } })
    expect(onDisk()).toEqual({ phase1: { status: 'pending' } })

    await state.transaction((txn) => {
      if (txn.data.phase1 === undefined) throw new Error('unreachable')
      txn.data.phase1.status = 'success'
      txn.data.phase1.metrics = { duration: 42.0 }
      txn.data.phase1.files = { 'book.pdf': { hash: 'abc123' } }
    })
    expect(onDisk()).toEqual({
      phase1: { status: 'success', metrics: { duration: 42 }, files: { 'book.pdf': { hash: 'abc123' } } },
    })
    expect((await state.getTransactionHistory()).map(({ operation }) => operation)).toEqual([
      'transaction_commit',
      'transaction_commit',
      'write_commit',
      'write_commit',
    ])
  })

  test('error handling: an exception rolls back and reaches the caller; later work goes on', async () => {
    await using state = open()
    await state.write({ phase4: { status: 'pending' } })
    const failure = new Error('synthesis failed')
    const runTtsSynthesis = (): Promise<void> => Promise.reject(failure)
    const run = state.transaction(async (txn) => {
      txn.data.phase4 = { status: 'running' }
      await runTtsSynthesis()
      txn.data.phase4 = { status: 'success' }
    })
    await expect(run).rejects.toBe(failure)
    expect(await state.read()).toEqual({ phase4: { status: 'pending' } })
  })

  test.each([
    { text: '{"phase1": ', error: StateReadError, code: 'ERR_STATE_READ', what: 'unreadable' },
    { text: '{"phase1": 1}', error: StateValidationError, code: 'ERR_STATE_VALIDATION', what: 'failing its schema' },
  ])('targeted error handling: a file that is $what has an error class of its own', async ({ text, error, code }) => {
    writeFileSync(path(), text)
    await using state = open({ validateOnRead: true })
    const failed = await state.read().catch((caught: unknown) => caught)
    expect(failed).toBeInstanceOf(error)
    expect(failed).toMatchObject({ code, path: path() })
  })

  test('backup management: list backups, newest first, and restore one', async () => {
    await using state = open()
    await state.write({ file_id: 'one' })
    await state.write({ file_id: 'two' })
    const backups = await state.listBackups({ limit: 10 })
    expect(backups).toHaveLength(1)
    await state.restoreBackup(backups[0] ?? '')
    expect(await state.read()).toEqual({ file_id: 'one' })
  })

  test('transaction history: timestamp, operation and success of each', async () => {
    await using state = open()
    const begun = Date.now()
    await state.write({ file_id: 'one' })
    await state.transaction(
      (txn) => {
        txn.data.file_id = 'two'
      },
      { operation: 'rename' },
    )
    const lines = (await state.getTransactionHistory({ limit: 20 })).map(
      ({ timestamp, operation, success }) => `${timestamp}: ${operation} - ${success}`,
    )
    expect(lines).toEqual([
      expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z: rename_commit - true$/),
      expect.stringMatching(/: write_commit - true$/),
    ])
    expect(Date.parse(lines[0]?.slice(0, 24) ?? '')).toBeGreaterThanOrEqual(begun)
  })

  test('migration: a document that was written without the store is taken over as it is', async () => {
    writeFileSync(path(), '{\n    "file_id": "b\u00fccher",\n    "unknown": [1, 2]\n}')
    await using state = open()
    await state.transaction((txn) => {
      txn.data.phase1 = { status: 'success', metrics: { duration: 42.0 } }
    })
    expect(onDisk()).toEqual({
      file_id: 'b\u00fccher',
      unknown: [1, 2],
      phase1: { status: 'success', metrics: { duration: 42 } },
    })
    const [backup = ''] = await state.listBackups()
    expect(readFileSync(backup, 'utf8')).toBe('{\n    "file_id": "b\u00fccher",\n    "unknown": [1, 2]\n}')
  })

  test('migration: an orchestrator whose second phase fails keeps the first', async () => {
    await using state = open()
    const runPhase = async (
      name: 'phase1' | 'phase2',
      work: () => Promise<Record<string, unknown>>,
    ): Promise<boolean> => {
      try {
        const files = await work()
        await state.transaction((txn) => {
          txn.data[name] = { status: 'success', files, metrics: { duration: 1 } }
        })
        return true
      } catch {
        return false
      }
    }
    expect(await runPhase('phase1', async () => ({ 'book.pdf': {} }))).toBe(true)
    expect(await runPhase('phase2', () => Promise.reject(new Error('no text')))).toBe(false)
    expect(await state.read()).toEqual({
      phase1: { status: 'success', files: { 'book.pdf': {} }, metrics: { duration: 1 } },
    })
  })
})

describe('advanced features', () => {
  test('strict validation: valid data passes, a phase that is not an object is refused', async () => {
    await using state = open({ validateOnRead: true })
    await state.transaction((txn) => {
      txn.data.phase1 = { status: 'success', metrics: { duration: 42.0 } }
    })
    const refused = state.transaction((txn) => {
      Object.assign(txn.data, { phase1: 'not a dict' })
    })
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_STATE_VALIDATION',
      issues: [{ path: '/phase1', message: expect.any(String) }],
    })
    expect(await state.read()).toEqual({ phase1: { status: 'success', metrics: { duration: 42 } } })
  })

  test('custom backup settings: no automatic backup, one by hand', async () => {
    await using state = open({ maxBackups: 100, backupBeforeWrite: false })
    await state.write({ file_id: 'one' })
    await state.write({ file_id: 'two' })
    expect(await state.listBackups()).toEqual([])
    const backup = await state.backupManager.createBackup()
    expect(await state.listBackups()).toEqual([backup])
    expect(await state.readBackup(backup ?? '')).toEqual({ file_id: 'two' })
  })

  test('more backups: maxBackups of 100 keeps a hundred, the default fifty', async () => {
    await using many = open({ maxBackups: 100 })
    for (let n = 0; n <= 60; n += 1) await many.write({ n })
    expect(await many.listBackups({ limit: 1000 })).toHaveLength(60)
    await using state = open()
    await state.write({ n: -1 })
    expect(await state.listBackups({ limit: 1000 })).toHaveLength(50)
    expect(await state.listBackups()).toHaveLength(10)
  })

  test('debugging: failed operations can be told from the history, with their errors', async () => {
    await using state = open()
    await state.write({ file_id: 'one' })
    const work = state.transaction(() => Promise.reject(new TypeError('bad chunk 7')), { operation: 'phase5' })
    await work.catch(() => undefined)
    const failed = (await state.getTransactionHistory({ limit: 50 })).filter(({ success }) => !success)
    expect(failed).toMatchObject([{ operation: 'phase5_rollback', details: { error: 'TypeError: bad chunk 7' } }])
    expect(failed[0]?.timestamp).toMatch(/Z$/)
  })
})

describe('architecture', () => {
  test('file structure: exactly the files that were promised, by name', async () => {
    await using state = open()
    for (const n of [1, 2, 3]) await state.write({ n })
    expect(readdirSync(dir()).sort()).toEqual(['.pipeline', 'pipeline.json', 'pipeline.json.lock'])
    expect(readdirSync(join(dir(), '.pipeline')).sort()).toEqual(['backups', 'transactions.log'])
    for (const name of readdirSync(join(dir(), '.pipeline/backups')))
      expect(name).toMatch(/^pipeline_\d{8}_\d{6}_\d{6}\.json\.bak$/)
  })

  test('locking: exclusive while it lasts, with a timeout, freed when its process dies', async () => {
    const child = startChild(fixture('hold-transaction'), { args: [path()] })
    await child.ready()
    await using state = open({ lockTimeoutMs: 30 })
    await expect(state.write({ n: 1 })).rejects.toMatchObject({ code: 'ERR_STATE_LOCK' })
    const patient = state.transaction(
      (txn) => {
        txn.data['n'] = 2
      },
      { lockTimeoutMs: 10_000 },
    )
    child.kill('SIGKILL')
    await patient
    expect(onDisk()).toEqual({ n: 2 })
  })

  test('a reader waits for no writer and sees whole states only', async () => {
    await using state = open()
    await state.write({ n: 1 })
    await using txn = await state.begin()
    txn.data['n'] = 2
    expect(await state.read()).toEqual({ n: 1 })
    await txn.commit()
    expect(await state.read()).toEqual({ n: 2 })
  })
})

describe('performance and troubleshooting', () => {
  test('scalability: a hundred transactions at the same time take less than a second', async () => {
    await using state = open()
    await state.write({ n: 0 })
    const begun = performance.now()
    await Promise.all(
      Array.from({ length: 100 }, () =>
        state.transaction((txn) => {
          txn.data['n'] = Number(txn.data['n']) + 1
        }),
      ),
    )
    expect(performance.now() - begun).toBeLessThan(1000)
    expect(onDisk()).toEqual({ n: 100 })
  })

  test('rotation prevents growth: after many writes there are maxBackups of them on disk', async () => {
    const state = open({ maxBackups: 3 })
    for (let n = 0; n < 12; n += 1) await state.write({ n })
    await state.close()
    expect(readdirSync(join(dir(), '.pipeline/backups'))).toHaveLength(3)
  })

  test('lock timeout: the error names who holds the lock, and a longer timeout is one option', async () => {
    const child = startChild(fixture('hold-transaction'), { args: [path()] })
    await child.ready()
    await using state = open({ lockTimeoutMs: 20 })
    await expect(state.write({ n: 1 })).rejects.toThrow(String(child.pid))
  })

  test('stale lock: its file may be deleted, although nobody needs to', async () => {
    const before = open()
    await before.write({ n: 1 })
    await before.close()
    rmSync(`${path()}.lock`)
    await using state = open()
    await state.write({ n: 2 })
    expect(onDisk()).toEqual({ n: 2 })
  })

  test('corrupted state: the error says how to restore the newest backup, and doing so mends it', async () => {
    await using state = open()
    await state.write({ n: 1 })
    await state.write({ n: 2 })
    writeFileSync(path(), '{"n": 2')
    const [backup = ''] = await state.listBackups()
    await expect(state.read()).rejects.toMatchObject({ code: 'ERR_STATE_READ', hint: expect.stringContaining(backup) })
    await state.restoreBackup(backup)
    expect(await state.read()).toEqual({ n: 1 })
  })

  test('validation errors: validation can be switched off for one write', async () => {
    await using state = open()
    const odd = JSON.parse('{"phase1":{"status":"paused"}}') as Pipeline
    await expect(state.write(odd)).rejects.toMatchObject({ issues: [{ path: '/phase1/status' }] })
    await state.write(odd, { validate: false })
    expect(onDisk()).toEqual(odd)
  })
})

describe('what was left for the future', () => {
  test('1 compression: older backups take gzip, and are restored as any other', async () => {
    await using state = open({ compressBackups: { algorithm: 'gzip', keepPlain: 1 } })
    for (const n of [1, 2, 3]) await state.write({ n })
    const [, older = ''] = await state.listBackups()
    expect(JSON.parse(gunzipSync(readFileSync(older)).toString())).toEqual({ n: 1 })
    await state.restoreBackup(older)
    expect(await state.read()).toEqual({ n: 1 })
  })

  test('2 encryption: nothing that was written can be read without the key', async () => {
    await using state = open({ encryption: { key: '5a'.repeat(32) } })
    await state.write({ file_id: 'harbour notes' })
    expect(readFileSync(path(), 'utf8')).not.toContain('harbour')
    expect(await state.read()).toEqual({ file_id: 'harbour notes' })
  })

  test('3 replication: a second folder has every commit', async () => {
    mkdirSync(join(dir(), 'copy'))
    const state = open({ replica: { folder: join(dir(), 'copy'), closeTimeoutMs: 10_000 } })
    await state.write({ n: 1 })
    await state.close()
    expect(JSON.parse(readFileSync(join(dir(), 'copy/pipeline.json'), 'utf8'))).toEqual({ n: 1 })
  })

  test('4 merge strategies: edits in different places go together, others are listed', () => {
    const result = merge({ a: 1, b: 1 }, { a: 2, b: 2 }, { a: 1, b: 3 })
    expect(result).toMatchObject({ merged: { a: 2 }, conflicts: [{ path: '/b' }] })
  })

  test('5 event hooks: a commit calls back with the new state', async () => {
    await using state = open()
    const seen: unknown[] = []
    state.on('commit', ({ operation, data }) => seen.push([operation, data]))
    await state.write({ n: 1 })
    expect(seen).toEqual([['write', { n: 1 }]])
  })

  test('6 async API: the callback may wait, and a transaction may be a block', async () => {
    await using state = open()
    const value = await state.transaction(async (txn) => {
      txn.data['n'] = await Promise.resolve(1)
      return 'done'
    })
    {
      await using txn = await state.begin()
      txn.data['n'] = 2
    }
    expect([value, onDisk()]).toEqual(['done', { n: 1 }])
  })
})
