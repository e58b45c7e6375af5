import { startChild, useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'
import { openEmbedded, serverUrlOf } from './embedded-store.js'

const PUT_MANY = new URL('./fixtures/put-many.mjs', import.meta.url)
const COUNT = 40
const dir = useTempDir()

test('put() of the same keys by two processes: each key is stored once, by one of them, and never mixed', async () => {
  const names = ['red', 'blue'] as const
  const children = names.map((name) => startChild(PUT_MANY, { args: [serverUrlOf(dir()), name, String(COUNT)] }))
  await Promise.all(children.map((child) => child.ready()))
  for (const child of children) child.send({ type: 'go' })
  const [red, blue] = await Promise.all(
    children.map(async (child) => new Map(Object.entries(outcomesOf(await child.waitFor('done'))))),
  )

  await using archive = await openEmbedded(dir())
  for (let key = 1; key <= COUNT; key += 1) {
    const outcomes = [red?.get(String(key)), blue?.get(String(key))]
    const text = Buffer.from(await archive.get(String(key))).toString()
    const winner = names[outcomes.indexOf('stored')]
    expect([...outcomes].sort()).toEqual(
      key % 2 === 0 ? ['already-stored', 'stored'] : ['ERR_ARCHIVE_CONFLICT', 'stored'],
    )
    expect(text).toBe((key % 2 === 0 ? `run ${key}\n` : `run ${key} by ${winner}\n`).repeat(2000))
  }
  expect(await archive.listKeys()).toHaveLength(COUNT)
})

function outcomesOf({ outcomes }: Readonly<Record<string, unknown>>): object {
  return outcomes instanceof Object ? outcomes : {}
}
