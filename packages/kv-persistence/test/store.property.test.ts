/** Random operations on every backend against a plain Map with an end for each key; the store is closed and opened again in between. */
import type { KvStore } from '@holdfast/kv-persistence'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeEachBackend } from './each-backend.js'

const KEYS = ['a', 'a:b', 'a:b:c', 'ab', 'b', 'b:ü', 'b:%3A', 'c:1', 'c:10', 'c:2'] as const

const key = fc.constantFrom(...KEYS)
const value = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
  fc.string({ unit: 'grapheme' }),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }).map((json): unknown => JSON.parse(JSON.stringify(json))),
)
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('put'), key, value }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete'), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('putIfAbsent'), key, value }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('compareAndSet'), key, value, current: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('increment'), key, by: fc.integer({ min: -5, max: 5 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('batch'),
      puts: fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, maxLength: 4 }),
      checked: key,
      holds: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('scan'), level: fc.constantFrom('a', 'a:b', 'b', 'c') }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('range'), key, end: key, limit: fc.integer({ min: 0, max: 5 }) }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('reopen') }) },
)

type Model = Map<string, { readonly value: unknown; readonly version: number }>

describeEachBackend((makeStore, backend) => {
  test('behaves like a Map', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await using harness = await makeStore()
        let root = await harness.open()
        let round = root.child(`round${Math.random()}`)
        const level = round.prefix
        const model: Model = new Map()
        for (const one of steps) {
          if (one.type === 'reopen') {
            if (backend === 'memory') continue
            await root.close()
            root = await harness.open()
            round = root.child(level)
          } else await apply(round, model, one)
        }
        expect(await listed(round.scan())).toEqual(inOrder(model))
        await root.close()
      }),
      { numRuns: backend === 'memory' ? 200 : 25 },
    )
  })
})

type Step = Exclude<typeof step extends fc.Arbitrary<infer T> ? T : never, { type: 'reopen' }>

async function apply(store: KvStore, model: Model, one: Step): Promise<void> {
  const old = 'key' in one ? model.get(one.key) : undefined
  if ('holds' in one) {
    const known = model.get(one.checked)?.version ?? null
    const version = one.holds ? known : (known ?? 0) + 1
    const operations = one.puts.map(([name, put]) => ({ type: 'put', key: name, value: put }) as const)
    const result = await store.batch(operations, { checks: [{ key: one.checked, version }] })
    expect(result.done).toBe(one.holds)
    if (result.done) for (const [name, put] of one.puts) model.set(name, { value: put, version: result.version })
  } else if ('level' in one) {
    expect(await listed(store.scan(one.level))).toEqual(
      inOrder(model).filter(([name]) => name.startsWith(`${one.level}:`)),
    )
  } else if ('end' in one) {
    const wanted = inOrder(model).filter(([name]) => compare(name, one.key) >= 0 && compare(name, one.end) < 0)
    expect(await listed(store.range(one.key, one.end, one.limit))).toEqual(wanted.slice(0, one.limit))
  } else if ('by' in one) {
    await increment(store, model, one.key, one.by)
  } else if ('current' in one) {
    const expected = one.current ? (old?.version ?? null) : (old?.version ?? 0) + 1
    const version = await store.compareAndSet(one.key, expected, one.value)
    expect(version !== undefined).toBe(one.current)
    if (version !== undefined) model.set(one.key, { value: one.value, version })
  } else if ('value' in one) {
    const isPut = one.type === 'put'
    const version = await (isPut ? store.put(one.key, one.value) : store.putIfAbsent(one.key, one.value))
    expect(version === undefined).toBe(!isPut && old !== undefined)
    if (version !== undefined) model.set(one.key, { value: one.value, version })
  } else if ('key' in one) {
    expect(await store.delete(one.key)).toBe(model.delete(one.key))
  }
  if ('key' in one) {
    expect(await store.getEntry(one.key)).toEqual(
      model.has(one.key) ? { key: one.key, ...model.get(one.key) } : undefined,
    )
  }
}

async function increment(store: KvStore, model: Model, name: string, by: number): Promise<void> {
  const old = model.get(name)?.value ?? (model.has(name) ? null : 0)
  const sum = typeof old === 'number' ? old + by : Number.NaN
  const isExact = Number.isFinite(sum) && (!Number.isInteger(old) || Number.isSafeInteger(sum))
  if (!isExact) {
    await expect(store.increment(name, by)).rejects.toMatchObject({ code: 'ERR_KV_NUMBER' })
    return
  }
  expect(await store.increment(name, by)).toBe(sum)
  const entry = await store.getEntry(name)
  if (entry !== undefined) model.set(name, { value: sum, version: entry.version })
}

async function listed(entries: AsyncIterable<{ readonly key: string; readonly value: unknown }>): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const { key: name, value: stored } of entries) found.push([name, stored])
  return found
}

function inOrder(model: Model): [string, unknown][] {
  return [...model].map(([name, entry]) => [name, entry.value] as [string, unknown]).sort(([a], [b]) => compare(a, b))
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
