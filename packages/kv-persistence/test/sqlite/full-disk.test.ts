/** A disk without room: what is refused has not happened, what was acknowledged stays, and the store goes on when there is room again. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { createKvStore, createLeasedQueue } from '@holdfast/kv-persistence'
import { fillDisk, mountTinyFileSystem } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const FULL = { code: 'ERR_KV_UNAVAILABLE', reason: 'full', outcome: 'not-applied' }

test('a full disk refuses changes whole, still reads, and goes on when there is room', async (context) => {
  const disk = mountTinyFileSystem(2 << 20)
  if (disk === undefined) return context.skip('mounting needs root')
  await using store = await createKvStore({ type: 'sqlite', path: join(disk, 'kv.sqlite') })
  const queue = createLeasedQueue<string>('q', { store })
  await store.put('first', 1)
  await queue.enqueue('item')
  const fill = fillDisk(disk)
  const large = 'x'.repeat(50_000)
  const batch = store.batch([
    { type: 'put', key: 'a', value: large },
    { type: 'increment', key: 'first' },
  ])
  await expect(batch).rejects.toMatchObject(FULL)
  const together = await Promise.allSettled([store.put('b', large), store.put('c', large)])
  for (const result of together) expect(result).toMatchObject({ status: 'rejected', reason: FULL })
  expect(await store.getMany(['a', 'b', 'c'])).toEqual([undefined, undefined, undefined])
  expect(await store.get('first')).toBe(1)
  rmSync(fill)
  await store.put('b', large)
  expect(await store.increment('first')).toBe(2)
  const [lease] = await queue.lease(1, 60)
  expect(lease?.payload).toBe('item')
})

test('a store fills its disk itself: everything acknowledged is there, also after a new start', async (context) => {
  const disk = mountTinyFileSystem(2 << 20)
  if (disk === undefined) return context.skip('mounting needs root')
  const options = { type: 'sqlite', path: join(disk, 'kv.sqlite') } as const
  const acknowledged: string[] = []
  const check = async (): Promise<void> => {
    await using store = await createKvStore(options)
    const entries = await store.getMany<string>(acknowledged)
    expect(entries.map((entry) => entry?.value[0])).toEqual(acknowledged.map(() => 'y'))
    let count = 0
    for await (const _ of store.scan()) count += 1
    expect(count).toBe(acknowledged.length)
  }
  {
    await using store = await createKvStore(options)
    let error: unknown
    for (let n = 0; error === undefined && n < 1000; n += 1) {
      const key = `k${n}`
      error = await store.put(key, 'y'.repeat(10_000)).then(
        () => void acknowledged.push(key),
        (reason: unknown) => reason,
      )
    }
    expect(error).toMatchObject(FULL)
    expect(acknowledged.length).toBeGreaterThan(20)
  }
  await check()
})

test('a store cannot be made on a full disk, says so, and can be made later', async (context) => {
  const disk = mountTinyFileSystem(2 << 20)
  if (disk === undefined) return context.skip('mounting needs root')
  const fill = fillDisk(disk)
  const options = { type: 'sqlite', path: join(disk, 'kv.sqlite') } as const
  await expect(createKvStore(options)).rejects.toMatchObject({ code: 'ERR_KV_UNAVAILABLE', outcome: 'not-applied' })
  rmSync(fill)
  await using store = await createKvStore(options)
  await store.put('k', 1)
  expect(await store.get('k')).toBe(1)
})
