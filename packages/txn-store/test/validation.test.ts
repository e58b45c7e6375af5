import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { useTempDir } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type StandardSchemaV1, type StateIssue, StateValidationError, TxnStore } from '../src/index.js'

const dir = useTempDir()
const file = (): string => join(dir(), 'state.json')
const text = (): string => readFileSync(file(), 'utf8')

interface Doc {
  name: string
  items: { id: number }[]
}

type Result = StandardSchemaV1.Result<Doc>

/** A schema written by hand, as the standard allows: with path segments as keys or objects, and now or later. */
function checkedBy(check: (value: Doc) => Result | Promise<Result>): StandardSchemaV1<unknown, Doc> {
  return { '~standard': { version: 1, vendor: 'test', validate: (value) => check(value as Doc) } }
}

function byHand(value: Doc): Result {
  const issues: StandardSchemaV1.Issue[] = []
  if (typeof value.name !== 'string') issues.push({ message: 'must be a text', path: ['name'] })
  for (const [index, item] of (value.items ?? []).entries())
    if (typeof item.id !== 'number') issues.push({ message: 'must be a number', path: [{ key: 'items' }, index, 'id'] })
  return issues.length > 0 ? { issues } : { value }
}

const schemas: { name: string; schema: StandardSchemaV1<unknown, Doc> }[] = [
  { name: 'zod', schema: z.object({ name: z.string(), items: z.array(z.object({ id: z.number() })) }) },
  {
    name: 'zod, async',
    schema: z.object({ name: z.string(), items: z.array(z.object({ id: z.number() })) }).refine(async () => {
      await nextTurn()
      return true
    }),
  },
  { name: 'one written by hand', schema: checkedBy(byHand) },
  {
    name: 'one written by hand, async',
    schema: checkedBy(async (value) => {
      await nextTurn()
      return byHand(value)
    }),
  },
]

const good: Doc = { name: 'a', items: [{ id: 1 }] }
const bad = JSON.parse('{"name":1,"items":[{"id":1},{"id":"x"}]}') as Doc
const badPlaces = ['/name', '/items/1/id']

async function issuesOf(work: Promise<unknown>): Promise<readonly StateIssue[]> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof StateValidationError)) throw error ?? new Error('It was not refused')
  return error.issues
}

describe.each(schemas)('a schema of $name', ({ schema }) => {
  test('lets pass what matches it', async () => {
    await using store = new TxnStore(file(), { schema })
    await store.write(good)
    await store.transaction((txn) => {
      txn.data.items.push({ id: 2 })
    })
    expect(JSON.parse(text())).toEqual({ name: 'a', items: [{ id: 1 }, { id: 2 }] })
  })

  test('refuses what does not, by write() and transaction(), with every issue and its path', async () => {
    await using store = new TxnStore(file(), { schema })
    expect((await issuesOf(store.write(bad))).map(({ path }) => path)).toEqual(badPlaces)
    expect(existsSync(file())).toBe(false)
    await store.write(good)
    const before = text()
    const change = store.transaction((txn) => {
      Object.assign(txn.data, bad)
    })
    expect((await issuesOf(change)).map(({ path }) => path)).toEqual(badPlaces)
    expect(text()).toBe(before)
    expect(await store.listBackups()).toEqual([])
  })

  test('checks a seed, a restored backup and a begun transaction', async () => {
    await using store = new TxnStore(file(), { schema })
    await store.write(bad, { validate: false })
    await store.write(good)
    const [backup = ''] = await store.listBackups()
    const before = text()
    expect(await issuesOf(store.transaction(() => undefined, { seedData: bad }))).toHaveLength(2)
    expect(await issuesOf(store.restoreBackup(backup))).toHaveLength(2)
    const txn = await store.begin()
    Object.assign(txn.data, bad)
    expect(await issuesOf(txn.commit())).toHaveLength(2)
    expect(text()).toBe(before)
  })

  test('with validate: false lets everything pass that JSON has', async () => {
    await using store = new TxnStore(file(), { schema })
    await store.write(bad, { validate: false })
    await store.transaction(
      (txn) => {
        txn.data.name = 'still bad'
      },
      { validate: false },
    )
    expect(JSON.parse(text())).toEqual({ ...bad, name: 'still bad' })
  })

  test('checks what is read with validateOnRead, or when asked to', async () => {
    writeFileSync(file(), JSON.stringify(bad))
    await using store = new TxnStore(file(), { schema })
    expect(await store.read()).toEqual(bad)
    expect((await issuesOf(store.read({ validate: true }))).map(({ path }) => path)).toEqual(badPlaces)
    await using strict = new TxnStore(file(), { schema, validateOnRead: true })
    expect((await issuesOf(strict.read())).map(({ path }) => path)).toEqual(badPlaces)
    expect(await strict.read({ validate: false })).toEqual(bad)
  })
})

describe('validation', () => {
  test('the message lists every place with its problem, and the document', async () => {
    await using store = new TxnStore(file(), { schema: checkedBy(byHand) })
    const refused = store.write(bad)
    await expect(refused).rejects.toMatchObject({ name: 'StateValidationError', code: 'ERR_STATE_VALIDATION' })
    await expect(refused).rejects.toThrow(
      `Cannot commit '${file()}':\n  /name: must be a text\n  /items/1/id: must be a number`,
    )
  })

  test('only checks: defaults, transforms and stripped keys of the schema are not used', async () => {
    const schema = z.object({ name: z.string().trim(), level: z.number().default(3) })
    await using store = new TxnStore<object>(file(), { schema })
    await store.write({ name: ' a ', other: 1 })
    expect(JSON.parse(text())).toEqual({ name: ' a ', other: 1 })
  })

  test('a schema cannot change what is committed, nor what others read', async () => {
    const schema = checkedBy((value) => {
      try {
        value.name = 'changed by the schema'
      } catch {
        // It was frozen.
      }
      return { value }
    })
    await using store = new TxnStore(file(), { schema })
    await store.write(good)
    expect(JSON.parse(text())).toEqual(good)
    expect(await store.read({ validate: true })).toEqual(good)
  })

  test('a document that was bad before is not committed again by a transaction that does not mend it', async () => {
    writeFileSync(file(), JSON.stringify(bad))
    await using store = new TxnStore(file(), { schema: checkedBy(byHand) })
    const other = store.transaction((txn) => {
      txn.data.items = []
    })
    expect((await issuesOf(other)).map(({ path }) => path)).toEqual(['/name'])
    await store.transaction((txn) => {
      Object.assign(txn.data, good)
    })
    expect(JSON.parse(text())).toEqual(good)
  })

  test.each([
    ['throws', () => Promise.reject(new RangeError('out of range'))],
    [
      'throws at once',
      () => {
        throw new RangeError('out of range')
      },
    ],
  ] as const)('a schema that %s fails the transaction with its error', async (_, check) => {
    await using store = new TxnStore(file(), { schema: checkedBy(check) })
    await expect(store.write(good)).rejects.toThrow(RangeError)
    expect(existsSync(file())).toBe(false)
  })

  test('a callable schema, as some libraries have them, is one', async () => {
    const schema: StandardSchemaV1<unknown, Doc> = Object.assign(() => undefined, checkedBy(byHand))
    await using store = new TxnStore(file(), { schema })
    expect(await issuesOf(store.write(bad))).toHaveLength(2)
  })

  test('a failed check is told in the history', async () => {
    await using store = new TxnStore(file(), { schema: checkedBy(byHand) })
    await store.write(good)
    await issuesOf(store.write(bad, { operation: 'phase3' }))
    const [newest] = await store.getTransactionHistory()
    expect(newest).toMatchObject({ operation: 'phase3_rollback', success: false })
    expect(newest?.details['error']).toContain('/items/1/id: must be a number')
  })
})
