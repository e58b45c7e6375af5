/**
 * A disk that is full or fails, at every single operation and, where mounting is allowed, for real. Invariant: the error is the store's own and tells the
 * cause; the document and its history are what they were (or, when only making it durable failed, what they were to become); the very same store
 * works again when there is room.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, mountTinyFileSystem, useTempDir } from '@holdfast/testkit'
import { TxnStore, type TxnStoreOptions } from '@holdfast/txn-store'
import { describe, expect, test } from 'vitest'
import { faultyFs } from './faulty-fs.ts'
import { checkSurvival, type Step } from './survival.ts'

type StoreOptions = TxnStoreOptions<object>

interface Row {
  readonly name: string
  readonly options: StoreOptions
  /** Commits before it. @default 2 */
  readonly setup?: number
  readonly operation: string
  /** What is tried; resolves to the document that it makes. */
  readonly work: (store: TxnStore<object>) => Promise<unknown>
  /** The document after it; `undefined`: what it was. */
  readonly result?: object
}

const NEXT = { n: 3, text: 'x'.repeat(9000) }
const write = (store: TxnStore<object>): Promise<void> => store.write(NEXT, { operation: 'next' })
const restore = async (store: TxnStore<object>): Promise<unknown> =>
  store.restoreBackup((await store.listBackups()).at(-1) ?? '', { operation: 'next' })

const ROWS: readonly Row[] = [
  { name: 'the very first write()', setup: 0, options: {}, operation: 'next', work: write, result: NEXT },
  { name: 'write()', options: {}, operation: 'next', work: write, result: NEXT },
  { name: 'write() with a journal', options: { journal: true }, operation: 'next', work: write, result: NEXT },
  {
    name: 'write() with a rotation of the history',
    options: { maxLogBytes: 1, keepLogFiles: 20 },
    operation: 'next',
    work: write,
    result: NEXT,
  },
  { name: 'restoreBackup()', options: {}, operation: 'next', work: restore, result: { n: 1 } },
  { name: 'checkpoint()', options: { journal: true }, operation: 'none', work: (store) => store.checkpoint() },
  {
    name: 'checkpoint() with a rotation of the history',
    options: { journal: true, maxLogBytes: 1, keepLogFiles: 20 },
    operation: 'none',
    work: (store) => store.checkpoint(),
  },
  { name: 'createBackup()', options: {}, operation: 'none', work: (store) => store.backupManager.createBackup() },
]

const dir = useTempDir()

/** A store on a document with some commits. */
async function prepare(
  folder: string,
  { options, setup = 2 }: Row,
  fs?: ReturnType<typeof faultyFs>['fs'],
): Promise<{ store: TxnStore<object>; steps: Step[] }> {
  mkdirSync(folder)
  const store = new TxnStore(join(folder, 'pipeline.json'), options, fs === undefined ? {} : { fs })
  store.on('warning', () => undefined)
  const steps: Step[] = []
  for (let n = 1; n <= setup; n += 1) {
    await store.write({ n }, { operation: `setup-${n}` })
    steps.push({ operation: `setup-${n}`, data: { n } })
  }
  return { store, steps }
}

/** The error is typed, and nothing but the one commit can have happened; the store that failed goes on working. */
async function checkFailure(
  folder: string,
  row: Row,
  store: TxnStore<object>,
  steps: readonly Step[],
  error: unknown,
  code: string,
): Promise<void> {
  expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_STATE_/), path: join(folder, 'pipeline.json') })
  // The lock has an error of its own between the store's and the system's.
  const { cause } = error as Error
  expect([codeOf(cause), codeOf((cause as Error).cause)]).toContain(code)
  const next: Step[] = row.result === undefined ? [] : [{ operation: row.operation, data: row.result }]
  const found = await store.read()
  const isDone = next.length > 0 && JSON.stringify(found) === JSON.stringify(row.result)
  // In place, and the error says so: only its durability is in doubt.
  if (isDone) expect(String(error)).toContain('in place')
  else expect(found).toEqual(steps.at(-1)?.data ?? {})
  const again = { operation: 'again', data: { again: true } }
  await store.write(again.data, { operation: 'again' })
  expect(await store.read()).toEqual(again.data)
  await store.close()
  const told = { acknowledged: [...steps, ...(isDone ? next : []), again], inFlight: [] }
  const { violations } = await checkSurvival(join(folder, 'pipeline.json'), row.options, told)
  expect(violations).toEqual([])
}

describe.each([
  { code: 'ENOSPC', lasting: true, name: 'ENOSPC from one operation on' },
  { code: 'EIO', lasting: false, name: 'EIO for one operation' },
])('$name', ({ code, lasting }) => {
  test.for(ROWS)('$name loses nothing and works when it is over', async (row) => {
    let failures = 0
    for (let n = 1; ; n += 1) {
      const folder = join(dir(), `at-${n}`)
      const faulty = faultyFs()
      const { store, steps } = await prepare(folder, row, faulty.fs)
      faulty.failAt(n, code, lasting)
      const error = await row.work(store).then(
        () => undefined,
        (reason: unknown) => reason,
      )
      const failed = faulty.mend()
      if (error !== undefined) {
        failures += 1
        await checkFailure(folder, row, store, steps, error, code).catch((cause: unknown) => {
          throw new Error(`Operation ${n} failed with ${error}: ${cause}`, { cause })
        })
      } else {
        await store.close()
        const next = row.result === undefined ? [] : [{ operation: row.operation, data: row.result }]
        const told = { acknowledged: [...steps, ...next], inFlight: [] }
        const { violations } = await checkSurvival(join(folder, 'pipeline.json'), row.options, told)
        expect(violations, `operation ${n} failed and nobody was told`).toEqual([])
      }
      rmSync(folder, { recursive: true })
      if (failed === 0) break
    }
    expect(failures).toBeGreaterThan(1)
  })
})

describe('on a disk that is really full (needs the right to mount)', () => {
  // A link needs no room.
  test.for(ROWS.filter(({ name }) => name !== 'createBackup()'))(
    '$name loses nothing and works when there is room again',
    async (row, context) => {
      const disk = mountTinyFileSystem(256 * 1024)
      if (disk === undefined) return context.skip('mounting needs root')
      let failures = 0
      for (let room = 0; ; room += 4096) {
        const folder = join(disk, `room-${room}`)
        const { store, steps } = await prepare(folder, row)
        const fill = fillDisk(disk, room)
        const error = await row.work(store).then(
          () => undefined,
          (reason: unknown) => reason,
        )
        rmSync(fill)
        if (error === undefined) {
          await store.close()
          break
        }
        failures += 1
        await checkFailure(folder, row, store, steps, error, 'ENOSPC')
        rmSync(folder, { recursive: true })
      }
      expect(failures).toBeGreaterThan(0)
    },
  )
})

function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
}
