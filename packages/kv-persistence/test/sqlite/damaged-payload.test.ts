import { DatabaseSync } from 'node:sqlite'
import { createKvStore, createLeasedQueue } from '@holdfast/kv-persistence'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const dir = useTempDir()

test('lease() passes by an item whose payload is damaged, which is told among the dead letters', async () => {
  const path = `${dir()}/kv.sqlite`
  await using store = await createKvStore({ type: 'sqlite', path })
  const queue = createLeasedQueue<string>('q', { store })
  const { id } = await queue.enqueue('damaged')
  await queue.enqueue('whole')
  const database = new DatabaseSync(path)
  database.prepare("UPDATE entries SET value = 'j:{' WHERE key = ?").run(`q:queue:payload:${id}`)
  database.close()
  const leases = await queue.lease(5, 60)
  expect(leases.map(({ payload }) => payload)).toEqual(['whole'])
  const dead: unknown[] = []
  for await (const letter of queue.deadLetters()) dead.push(letter)
  expect(dead).toMatchObject([{ id, payload: undefined, lastError: expect.stringContaining('cannot be read') }])
})
