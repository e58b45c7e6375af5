/**
 * Random sequences of everything a program can do with a document, on two stores at once, beside a plain object: after each step every store reads what
 * the object holds; in the end, after reopening in both modes, so do the file, the history and its chain.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { useTempDir } from '@holdfast/testkit'
import { type JsonObject, TxnStore } from '@holdfast/txn-store'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonDocument } from './json-arbitrary.ts'

const dir = useTempDir()
const SMALL = {
  maxBackups: 4,
  maxLogBytes: 3000,
  keepLogFiles: 1000,
  compressBackups: { algorithm: 'gzip', keepPlain: 1 },
} as const

type Which = 0 | 1

/** The stores, and what they ought to hold. */
class World {
  readonly path: string
  readonly #stores: [TxnStore | undefined, TxnStore | undefined] = [undefined, undefined]
  readonly #journal: [boolean, boolean] = [false, false]
  expected: JsonObject = {}
  /** The operations that were committed, oldest first. */
  readonly committed: string[] = []
  readonly warnings: unknown[] = []
  #steps = 0

  constructor(path: string) {
    this.path = path
  }

  store(which: Which): TxnStore {
    const open = this.#stores[which] ?? new TxnStore(this.path, { ...SMALL, journal: this.#journal[which] })
    if (this.#stores[which] === undefined) open.on('warning', ({ error }) => this.warnings.push(error))
    this.#stores[which] = open
    return open
  }

  nextOperation(): string {
    this.#steps += 1
    return `step-${this.#steps}`
  }

  /** A commit that makes the document this, unless it is that already. */
  expectCommit(operation: string, data: JsonObject): void {
    if (!isSame(data, this.expected)) this.committed.push(operation)
    this.expected = data
  }

  async reopen(which: Which, journal: boolean): Promise<void> {
    await this.#stores[which]?.close()
    this.#stores[which] = undefined
    this.#journal[which] = journal
  }

  async check(): Promise<void> {
    for (const which of [0, 1] as const) expect(await this.store(which).read()).toEqual(this.expected)
    const history = await this.store(0).getTransactionHistory({ limit: 4 })
    const newest = history.find(({ kind, success }) => success && (kind === 'commit' || kind === 'restore'))
    if (newest !== undefined) expect(newest.operation).toBe(`${this.committed.at(-1)}_commit`)
  }

  async close(): Promise<void> {
    for (const which of [0, 1] as const) await this.reopen(which, false)
  }
}

interface Step {
  readonly name: string
  readonly run: (world: World) => Promise<void>
}

const which = fc.constantFrom<Which>(0, 1)
const document = jsonDocument as fc.Arbitrary<JsonObject>
// Assigning to this one changes the prototype, in plain objects as in drafts.
const assignable = document.filter((data) => !Object.hasOwn(data, '__proto__'))

/** Writes some member; the same on a draft and on a plain copy. */
function edit(target: JsonObject, key: string, value: JsonObject): void {
  if (key === 'delete') for (const name of Object.keys(target).sort().slice(0, 1)) delete target[name]
  else target[key] = value
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ which, document }).map(({ which, document }) => ({
    name: `write(${JSON.stringify(document)}) with store ${which}`,
    run: async (world: World) => {
      const operation = world.nextOperation()
      await world.store(which).write(document, { operation })
      world.expectCommit(operation, document)
    },
  })),
  fc
    .record({ which, edits: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'delete'), document), { maxLength: 3 }) })
    .map(({ which, edits }) => ({
      name: `transaction(${JSON.stringify(edits)}) with store ${which}`,
      run: async (world: World) => {
        const operation = world.nextOperation()
        const next = structuredClone(world.expected)
        for (const [key, value] of edits) edit(next, key, structuredClone(value))
        await world.store(which).transaction(
          (txn) => {
            for (const [key, value] of edits) edit(txn.data, key, structuredClone(value))
          },
          { operation },
        )
        world.expectCommit(operation, next)
      },
    })),
  fc
    .record({ documents: fc.array(fc.tuple(which, assignable), { minLength: 2, maxLength: 4 }) })
    .map(({ documents }) => ({
      name: `${documents.length} writes at the same time`,
      run: async (world: World) => {
        const operation = world.nextOperation()
        const order: JsonObject[] = []
        await Promise.all(
          documents.map(([which, data], index) =>
            world.store(which).transaction(
              (txn) => {
                order.push({ ...structuredClone(data), last: index })
                for (const key of Object.keys(txn.data)) delete txn.data[key]
                for (const [key, value] of Object.entries({ ...data, last: index })) txn.data[key] = value
              },
              { operation },
            ),
          ),
        )
        for (const data of order) world.expectCommit(operation, data)
      },
    })),
  fc.record({ which, document: assignable }).map(({ which, document }) => ({
    name: `failing transaction with store ${which}`,
    run: async (world: World) => {
      const failure = new Error('on purpose')
      const failing = world.store(which).transaction((txn) => {
        Object.assign(txn.data, document)
        throw failure
      })
      await expect(failing).rejects.toBe(failure)
    },
  })),
  fc.record({ which, index: fc.nat(5) }).map(({ which, index }) => ({
    name: `restoreBackup() number ${index} with store ${which}`,
    run: async (world: World) => {
      const store = world.store(which)
      const backup = (await store.listBackups())[index]
      if (backup === undefined) return
      const data = structuredClone(await store.readBackup(backup)) as JsonObject
      const operation = world.nextOperation()
      const { replaced } = await store.restoreBackup(backup, { operation })
      if (!isSame(data, world.expected)) expect(await store.readBackup(String(replaced))).toEqual(world.expected)
      world.expectCommit(operation, data)
    },
  })),
  which.map((which) => ({
    name: `createBackup() with store ${which}`,
    run: async (world: World) => {
      const backup = await world.store(which).backupManager.createBackup()
      if (backup !== undefined) expect(await world.store(which).readBackup(backup)).toEqual(world.expected)
    },
  })),
  which.map((which) => ({
    name: `checkpoint() with store ${which}`,
    run: (world: World) => world.store(which).checkpoint(),
  })),
  fc.record({ which, journal: fc.boolean() }).map(({ which, journal }) => ({
    name: `reopening store ${which}, journal ${journal}`,
    run: (world: World) => world.reopen(which, journal),
  })),
  fc.constant({
    name: 'the lock file is deleted',
    run: async (world: World) => rmSync(`${world.path}.lock`, { force: true }),
  }),
  fc.record({ which, document }).map(({ which, document }) => ({
    name: 'another program puts a damaged file there, which is then written anew',
    run: async (world: World) => {
      await world.store(which).checkpoint()
      const operation = world.nextOperation()
      rmSync(world.path, { force: true })
      writeFileSync(world.path, `{"damaged by": "${operation}"`)
      await expect(world.store(which).read()).rejects.toMatchObject({ code: 'ERR_STATE_READ' })
      await world.store(which).write({ ...document, repaired: operation }, { operation })
      world.expectCommit(operation, { ...document, repaired: operation })
    },
  })),
)

test('a store behaves like a plain object, whatever is done to it', { timeout: 60_000 }, async () => {
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14, size: 'max' }), async (steps) => {
      runs += 1
      const folder = join(dir(), `run-${runs}`)
      const world = new World(join(folder, 'pipeline.json'))
      mkdirSync(folder)
      const done: string[] = []
      try {
        for (const { name, run } of steps) {
          done.push(name)
          await run(world)
          await world.check()
        }
        done.push('the end')
        await world.close()
        await expectSurvived(world)
      } catch (cause) {
        throw new Error(`After ${done.join('; ')}: ${cause}`, { cause })
      } finally {
        await world.close()
      }
      expect(world.warnings).toEqual([])
      rmSync(folder, { recursive: true })
    }),
    { numRuns: Number(process.env['HOLDFAST_MODEL_RUNS'] ?? 60) },
  )
})

async function expectSurvived({ path, expected, committed }: World): Promise<void> {
  for (const journal of [true, false]) {
    await using store = new TxnStore(path, { ...SMALL, journal })
    expect(await store.read()).toEqual(expected)
    const history = await store.getTransactionHistory({ limit: Number.POSITIVE_INFINITY })
    const operations = history.filter(({ kind, success }) => success && (kind === 'commit' || kind === 'restore'))
    expect(operations.map(({ operation }) => operation.replace(/_commit$/, '')).reverse()).toEqual(committed)
    expect((await store.verifyHistory()).problems).toEqual([])
    for (const backup of await store.listBackups()) await store.readBackup(backup)
  }
  if (committed.length > 0) expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(expected)
}

/** The order of keys is no difference. */
function isSame(a: JsonObject, b: JsonObject): boolean {
  return isDeepStrictEqual(a, b)
}
